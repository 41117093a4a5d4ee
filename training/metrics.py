"""Figures: accuracy with its interval, softmax, and how much an answer depends on its batch."""

from collections.abc import Callable, Sequence

import numpy as np

Runner = Callable[[Sequence[Sequence[int]]], np.ndarray]
"""Takes one batch of token ids and returns logits [rows, labels]."""


def wilson(correct: int, n: int, z: float = 1.959964) -> list[float]:
    """95 % Wilson interval of a share."""
    share = correct / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return [round(float(centre - half), 4), round(float(centre + half), 4)]


def accuracy(scores: np.ndarray, labels: Sequence[int]) -> dict:
    """Correct answers of [n, labels] scores against label indices."""
    correct = int((scores.argmax(axis=1) == np.asarray(labels)).sum())
    n = len(labels)
    return {"n": n, "correct": correct, "accuracy": round(correct / n, 4), "interval_95": wilson(correct, n)}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of [n, labels] logits, in float64."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probability of each label by itself, of [n, labels] logits, in float64."""
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


SCORES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "text-classification": softmax,
    "multi-label-classification": sigmoid,
}
"""From logits to scores, by the manifest's task."""


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve: how often a positive text scores above another one, ties counted half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")


def bootstrap(figure: Callable[[np.ndarray], float], n: int, seed: int, rounds: int = 1000) -> list[float]:
    """95 % percentile interval of a figure of row numbers, over `rounds` draws of n rows with replacement."""
    rng = np.random.default_rng(seed)
    drawn = [figure(rng.integers(0, n, n)) for _ in range(rounds)]
    return [round(float(bound), 4) for bound in np.nanpercentile(drawn, [2.5, 97.5])]


def alone(
    run: Runner, ids: Sequence[Sequence[int]], scores_of: Callable[[np.ndarray], np.ndarray] = softmax
) -> np.ndarray:
    """Scores [n, labels] of each text run by itself."""
    return scores_of(np.concatenate([run([row]) for row in ids]))


def batch_variance(
    run: Runner,
    ids: Sequence[Sequence[int]],
    seed: int,
    batch_size: int = 16,
    rounds: int = 3,
    scores_of: Callable[[np.ndarray], np.ndarray] = softmax,
) -> dict:
    """Compares every text alone with the same text in `rounds` random batches, padded to the longest of the batch."""
    expected = alone(run, ids, scores_of)
    rng = np.random.default_rng(seed)
    flips, change = 0, 0.0
    for _ in range(rounds):
        order = rng.permutation(len(ids))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            scores = scores_of(run([ids[i] for i in rows]))
            flips += int((scores.argmax(axis=1) != expected[rows].argmax(axis=1)).sum())
            change = max(change, float(np.abs(scores - expected[rows]).max()))
    return {"n": len(ids), "batch_size": batch_size, "label_flips": flips, "max_score_change": float(f"{change:.2e}")}
