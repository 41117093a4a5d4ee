"""Fine-tunes all-MiniLM-L6-v2 on the teacher's logits and, where there are any, on the labels."""

import time
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from batches import epochs, learning_rate, optimizer, pad
from encoder import Classifier

PAD_ID = 0
UNLABELLED = -100
TEMPERATURE = 2.0
LABEL_WEIGHT = 0.2


def distillation_loss(logits: Tensor, teacher_logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy against the teacher at temperature 2 plus a fifth of the cross-entropy against the labels.

    All [B, 2] but `labels`, [B] int64, where UNLABELLED rows count for nothing.
    """
    soft = F.cross_entropy(logits / TEMPERATURE, (teacher_logits / TEMPERATURE).softmax(-1)) * TEMPERATURE**2
    known = (labels != UNLABELLED).sum().clamp(min=1)
    hard = F.cross_entropy(logits, labels, ignore_index=UNLABELLED, reduction="sum") / known
    return soft + LABEL_WEIGHT * hard


def train_student(
    model: Classifier,
    ids: Sequence[Sequence[int]],
    labels: Sequence[int],
    teacher_logits: Tensor,
    seed: int,
    log: Callable[[str], None],
    epoch_count: int,
    peak_rate: float,
    each_epoch: Callable[[int], None],
) -> None:
    """Trains in place; calls `each_epoch(number)` after every epoch."""
    model.train()
    target = torch.tensor(labels)
    update = optimizer(model, weight_decay=0.01)
    started, running, epoch = time.time(), 0.0, 0
    for step, steps, rows in epochs(ids, epoch_count, max_tokens=1664, max_rows=128, seed=seed):
        for group in update.param_groups:
            group["lr"] = learning_rate(step, steps, peak_rate)
        picked = torch.from_numpy(rows)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(*pad([ids[i] for i in rows], PAD_ID))
        loss = distillation_loss(logits, teacher_logits[picked], target[picked])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        update.step()
        update.zero_grad(set_to_none=True)
        running = 0.98 * running + 0.02 * loss.item()
        if (step + 1) % 100 == 0:
            smooth = running / (1 - 0.98 ** (step + 1))
            log(f"student step {step + 1}/{steps} loss {smooth:.3f} {time.time() - started:.0f} s")
        if (step + 1) * epoch_count // steps > epoch:
            epoch += 1
            each_epoch(epoch)
    model.eval()
