"""Fine-tunes all-mpnet-base-v2 on SST-2 rows: the teacher whose logits the student learns."""

import time
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F

from batches import epochs, learning_rate, optimizer, pad
from encoder import Classifier

PAD_ID = 1


def train_teacher(
    model: Classifier,
    ids: Sequence[Sequence[int]],
    labels: Sequence[int],
    seed: int,
    log: Callable[[str], None],
    epoch_count: int = 1,
    peak_rate: float = 4e-5,
) -> None:
    """Trains in place. Word embeddings stay as they are: they are a fifth of the weights and need not move."""
    model.words.weight.requires_grad_(False)
    model.train()
    target = torch.tensor(labels)
    update = optimizer(model, weight_decay=0.01)
    started, running = time.time(), 0.0
    for step, steps, rows in epochs(ids, epoch_count, max_tokens=1664, max_rows=128, seed=seed):
        for group in update.param_groups:
            group["lr"] = learning_rate(step, steps, peak_rate)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(*pad([ids[i] for i in rows], PAD_ID))
        loss = F.cross_entropy(logits, target[torch.from_numpy(rows)])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        update.step()
        update.zero_grad(set_to_none=True)
        running = 0.98 * running + 0.02 * loss.item()
        if (step + 1) % 50 == 0:
            smooth = running / (1 - 0.98 ** (step + 1))
            log(f"teacher step {step + 1}/{steps} loss {smooth:.3f} {time.time() - started:.0f} s")
    model.eval()
