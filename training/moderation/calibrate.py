"""Scores that mean a probability, and thresholds for review and block: chosen on the calibration split alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from metrics import sigmoid

from .frozen import known
from .rows import LABELS, Row


@dataclass(frozen=True)
class Platt:
    """score = sigmoid(slope * logit + offset), per label."""

    slope: np.ndarray
    offset: np.ndarray

    def fold(self, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The weights with both numbers inside the head: its logits then need a plain sigmoid."""
        folded = dict(state)
        folded["head.weight"] = (state["head.weight"] * self.slope[:, None]).astype(np.float32)
        folded["head.bias"] = (state["head.bias"] * self.slope + self.offset).astype(np.float32)
        return folded


def fit_platt(logits: np.ndarray, rows: Sequence[Row]) -> Platt:
    """One slope and offset per label, over the rows that know it: least cross-entropy, slopes above zero."""
    values, mask = known([row.target for row in rows])
    given = torch.from_numpy(logits.astype(np.float32))
    log_slope = torch.zeros(len(LABELS), requires_grad=True)
    offset = torch.zeros(len(LABELS), requires_grad=True)
    search = torch.optim.LBFGS([log_slope, offset], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        each = F.binary_cross_entropy_with_logits(given * log_slope.exp() + offset, values, reduction="none")
        total = ((each * mask).sum(0) / mask.sum(0)).sum()
        total.backward()
        return total

    search.step(loss)
    return Platt(log_slope.exp().detach().numpy(), offset.detach().numpy())


def calibration_error(scores: np.ndarray, values: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error over bins of equal width."""
    place = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [abs(scores[place == b].mean() - values[place == b].mean()) * (place == b).sum() for b in np.unique(place)]
    return float(sum(gaps) / len(scores))


def at_false_positive_rate(scores: np.ndarray, positive: np.ndarray, rate: float) -> tuple[float, float]:
    """(threshold, recall): the lowest threshold that at most `rate` of the negatives reach."""
    negatives = np.sort(scores[~positive])[::-1]
    allowed = int(rate * len(negatives))
    threshold = float(np.nextafter(negatives[allowed], 1)) if allowed < len(negatives) else 0.0
    return threshold, float((scores[positive] >= threshold).mean())


REVIEW_COMMENTS = 0.012
"""Share of harmless Wikipedia comments that one label may flag for review: three labels stay below 4 % together."""
REVIEW_GROUPS = 0.04
"""Share of harmless generated sentences that one label may flag for review."""
BLOCK_RATE = 0.003
"""Share of all harmless calibration texts that one label may block."""


def three_classes(scores: np.ndarray, hate: float, offensive: float) -> np.ndarray:
    """Davidson's classes: 0 hate if its score passes, else 1 offensive if its score passes, else 2."""
    return np.where(scores[:, 1] >= hate, 0, np.where(scores[:, 2] >= offensive, 1, 2))


def f1_of(found: np.ndarray, truth: np.ndarray) -> float:
    both = (found & truth).sum()
    return float(2 * both / max(found.sum() + truth.sum(), 1))


def macro_f1(classes: np.ndarray, truth: np.ndarray) -> float:
    """Mean of the F1 of the classes 0, 1 and 2."""
    return float(np.mean([f1_of(classes == c, truth == c) for c in range(3)]))


def choose_thresholds(scores: np.ndarray, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Review and block threshold of each label.

    Review: the lowest threshold that keeps to REVIEW_COMMENTS and REVIEW_GROUPS. Of hate and offensive, raised to where
    Davidson's three classes have the best macro-F1 among the pairs with a recall of hate of at least 0.55.
    Block: the lowest threshold that keeps to BLOCK_RATE, never below review.
    """
    source = np.array([row.source for row in rows])
    kind = np.array([row.kind for row in rows])
    values = np.array([[np.nan if value is None else value for value in row.target] for row in rows])
    harmless = (values == 0).all(axis=1)
    comments, groups = harmless & (source == "wikipedia"), harmless & (source == "generated")
    review, block = {}, {}
    for i, label in enumerate(LABELS):
        limits = [(comments, REVIEW_COMMENTS), (groups, REVIEW_GROUPS)]
        review[label] = max(at_false_positive_rate(scores[:, i], ~part, rate)[0] for part, rate in limits)
        block[label] = at_false_positive_rate(scores[:, i], ~harmless, BLOCK_RATE)[0]
    tweets = source == "davidson"
    truth = np.array([["hate", "offensive", "neither"].index(k) for k in kind[tweets]])
    given = scores[tweets]
    grid = np.round(np.arange(0.02, 0.981, 0.01), 2)
    best = (-1.0, review["hate"], review["offensive"])
    for hate in grid[grid >= min(review["hate"], 0.97)]:
        if (given[truth == 0, 1] >= hate).mean() < 0.55:
            break
        for offensive in grid[grid >= min(review["offensive"], 0.97)]:
            best = max(best, (macro_f1(three_classes(given, hate, offensive), truth), hate, offensive))
    review["hate"], review["offensive"] = float(best[1]), float(best[2])
    return {
        label: {"review": round(review[label], 4), "block": round(max(block[label], review[label]), 4)}
        for label in LABELS
    }


def calibrated(logits: np.ndarray, platt: Platt) -> np.ndarray:
    return sigmoid(logits * platt.slope + platt.offset)
