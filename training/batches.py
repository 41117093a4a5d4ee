"""Tokenised texts and length-sorted batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from encoder import Classifier


def read_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """A tokenizer.json that cuts on the right at `max_tokens` (special tokens included) and does not pad."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, special tokens included."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def batch_indices(
    lengths: Sequence[int], max_tokens: int, max_rows: int, rng: np.random.Generator | None
) -> list[np.ndarray]:
    """Groups row numbers into batches of like length: at most `max_tokens` padded tokens and `max_rows` rows each.

    With `rng`, neighbours in length differ every time and the batches come in random order.
    """
    keys = np.asarray(lengths, dtype=np.float64)
    if rng is not None:
        keys = keys + rng.random(len(keys)) * 2
    order = np.argsort(keys, kind="stable")
    batches, start = [], 0
    while start < len(order):
        end, longest = start, 0
        while end < len(order) and end - start < max_rows:
            longest = max(longest, lengths[order[end]])
            if end > start and longest * (end - start + 1) > max_tokens:
                break
            end += 1
        batches.append(order[start:end])
        start = end
    if rng is not None:
        rng.shuffle(batches)
    return batches


def pad(ids: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Pads on the right to the longest: ids [B, T] and mask [B, T], both int64."""
    longest = max(len(row) for row in ids)
    padded = torch.full((len(ids), longest), pad_id)
    mask = torch.zeros((len(ids), longest), dtype=torch.int64)
    for i, row in enumerate(ids):
        padded[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return padded, mask


def predict(model: Classifier, ids: Sequence[Sequence[int]], pad_id: int, bf16: bool) -> Tensor:
    """Logits [texts, labels] (float32) in the order given, without dropout."""
    was_training = model.training
    model.eval()
    logits = torch.empty(len(ids), model.head.out_features)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        for rows in batch_indices([len(row) for row in ids], 2048, 256, None):
            logits[torch.from_numpy(rows)] = model(*pad([ids[i] for i in rows], pad_id))
    model.train(was_training)
    return logits


def epochs(
    ids: Sequence[Sequence[int]], count: int, max_tokens: int, max_rows: int, seed: int
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yields (step, steps in all, row numbers) over `count` epochs of freshly shuffled batches."""
    rng = np.random.default_rng(seed)
    lengths = [len(row) for row in ids]
    plan = [rows for _ in range(count) for rows in batch_indices(lengths, max_tokens, max_rows, rng)]
    for step, rows in enumerate(plan):
        yield step, len(plan), rows


def learning_rate(step: int, steps: int, peak: float, warm_up: float = 0.06) -> float:
    """Linear warm-up over the first `warm_up` share of the steps, then linear decay to zero."""
    share = (step + 1) / steps
    return peak * min(share / warm_up, (1 - share) / (1 - warm_up) + 1e-3)


def optimizer(model: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    """Fused AdamW over the trainable parameters; biases and norms are not decayed."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": [p for p in trainable if p.dim() > 1], "weight_decay": weight_decay},
            {"params": [p for p in trainable if p.dim() <= 1], "weight_decay": 0.0},
        ],
        lr=0.0,
        betas=(0.9, 0.98),
        fused=True,
    )
