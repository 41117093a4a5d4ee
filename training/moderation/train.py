"""Fine-tunes all-MiniLM-L6-v2 on masked labels, in steps that a second run continues."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from batches import epochs, learning_rate, optimizer, pad
from encoder import Classifier

from .frozen import known
from .rows import Target

PAD_ID = 0
PADDED_TOKENS = 1664
MAX_ROWS = 128
AVERAGE_DECAY = 0.998
SAVE_EVERY = 50


@dataclass(frozen=True)
class Plan:
    """Number of epochs, peak learning rate, and the seed of order and dropout."""

    epochs: int
    peak_rate: float
    seed: int


def masked_loss(logits: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Mean binary cross-entropy over the labels that are known, all [B, labels]."""
    each = F.binary_cross_entropy_with_logits(logits, values, reduction="none")
    return (each * mask).sum() / mask.sum().clamp(min=1)


def train(
    model: Classifier,
    ids: Sequence[Sequence[int]],
    targets: Sequence[Target],
    plan: Plan,
    checkpoint: Path,
    log: Callable[[str], None],
) -> dict[str, Tensor]:
    """Trains in place, continues from `checkpoint` if there is one. Returns the running average of the weights.

    Word embeddings stay as they are: half of the weights, and most words of a test text do not occur in training.
    """
    model.words.weight.requires_grad_(False)
    model.train()
    values, mask = known(targets)
    update = optimizer(model, weight_decay=0.01)
    average = {name: value.clone() for name, value in model.state_dict().items()}
    done = 0
    torch.manual_seed(plan.seed)
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        update.load_state_dict(saved["update"])
        average, done = saved["average"], saved["done"]
        torch.set_rng_state(saved["random"])
        log(f"continues at step {done}")
    started, running, seen = time.time(), 0.0, 0
    for step, steps, rows in epochs(ids, plan.epochs, PADDED_TOKENS, MAX_ROWS, plan.seed):
        if step < done:
            continue
        for group in update.param_groups:
            group["lr"] = learning_rate(step, steps, plan.peak_rate)
        picked = torch.from_numpy(rows)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(*pad([ids[i] for i in rows], PAD_ID))
        loss = masked_loss(logits, values[picked], mask[picked])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        update.step()
        update.zero_grad(set_to_none=True)
        decay = min(AVERAGE_DECAY, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, value in model.named_parameters():
                if value.requires_grad:
                    average[name].lerp_(value, 1 - decay)
        seen += 1
        running = 0.98 * running + 0.02 * loss.item()
        if (step + 1) % 50 == 0:
            smooth = running / (1 - 0.98**seen)
            log(f"step {step + 1}/{steps} loss {smooth:.4f} {time.time() - started:.0f} s")
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            unfinished = checkpoint.with_suffix(".part")
            torch.save(
                {
                    "model": model.state_dict(),
                    "update": update.state_dict(),
                    "average": average,
                    "done": step + 1,
                    "random": torch.get_rng_state(),
                },
                unfinished,
            )
            unfinished.rename(checkpoint)
    model.eval()
    return average
