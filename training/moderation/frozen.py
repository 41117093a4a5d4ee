"""Logistic heads on the embeddings of the base model as it is: the baseline, and a cheap judge of single sentences."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bases import student_base
from batches import batch_indices, encode, pad, read_tokenizer
from encoder import load_base

from .rows import LABELS, Target

MAX_TOKENS = 128


def embed(texts: Sequence[str]) -> Tensor:
    """Normalised means of the last layer's vectors, [texts, hidden], as all-MiniLM-L6-v2 is meant to be used."""
    base = student_base()
    model = load_base(base, "mean").eval()
    model.head = torch.nn.Identity()
    ids = encode(read_tokenizer(base / "tokenizer.json", MAX_TOKENS), texts)
    vectors = torch.empty(len(ids), model.shape.hidden)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for rows in batch_indices([len(row) for row in ids], 2048, 128, None):
            vectors[torch.from_numpy(rows)] = model(*pad([ids[i] for i in rows], 0))
    return F.normalize(vectors, dim=1)


def known(targets: Sequence[Target]) -> tuple[Tensor, Tensor]:
    """(values with 0 where unknown, 1 where known), both float [rows, labels]."""
    values = torch.tensor(
        [[np.nan if value is None else value for value in target] for target in targets], dtype=torch.float32
    )
    return torch.nan_to_num(values), (~torch.isnan(values)).float()


def fit(vectors: Tensor, targets: Sequence[Target], decay: float = 1e-5, steps: int = 60) -> tuple[Tensor, Tensor]:
    """Weights [labels, hidden] and biases [labels] of one logistic regression per label over the rows that know it."""
    values, mask = known(targets)
    weight = torch.zeros(len(LABELS), vectors.shape[1], requires_grad=True)
    bias = torch.zeros(len(LABELS), requires_grad=True)
    search = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        each = F.binary_cross_entropy_with_logits(F.linear(vectors, weight, bias), values, reduction="none")
        total = (each * mask).sum() / mask.sum() + decay * weight.square().sum()
        total.backward()
        return total

    search.step(loss)
    return weight.detach(), bias.detach()


def scores(vectors: Tensor, head: tuple[Tensor, Tensor]) -> np.ndarray:
    """Probabilities [texts, labels]."""
    return torch.sigmoid(F.linear(vectors, *head)).numpy()
