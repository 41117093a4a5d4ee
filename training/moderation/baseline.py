"""The frozen-embedding baseline, and each source left out once: both are logistic heads, minutes instead of hours."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .calibrate import calibrated, choose_thresholds, fit_platt
from .evaluate import Scored, evaluate, maximum_auc
from .frozen import embed, fit
from .rows import Row

TRAIN_ROWS = 2500
"""Most rows of one source that a head is fitted to."""


def sample(rows: Sequence[Row]) -> list[Row]:
    """The first TRAIN_ROWS of each source, generated sentences evenly spread (they come family by family)."""
    generated = [row for row in rows if row.source == "generated"]
    spread = [generated[i] for i in np.linspace(0, len(generated) - 1, min(TRAIN_ROWS, len(generated))).astype(int)]
    taken: Counter[str] = Counter()
    chosen = []
    for row in [row for row in rows if row.source != "generated"] + spread:
        if taken[row.source] < TRAIN_ROWS:
            taken[row.source] += 1
            chosen.append(row)
    return chosen


def _embedded(name: str, rows: Sequence[Row], work: Path, log: Callable[[str], None]) -> Tensor:
    path = work / f"embedded.{name}.npy"
    if not path.exists():
        np.save(path, embed([row.text for row in rows]).numpy())
        log(f"embedded {len(rows)} {name} rows")
    return torch.from_numpy(np.load(path))


def _scored(
    train: Tensor, rows: Sequence[Row], calibration: Tensor, known: Sequence[Row], test: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated scores of the calibration and of the test rows."""
    head = fit(train, [row.target for row in rows])
    logits, test_logits = (F.linear(vectors, *head).numpy() for vectors in (calibration, test))
    platt = fit_platt(logits, known)
    return calibrated(logits, platt), calibrated(test_logits, platt)


def baseline(
    chosen: Sequence[Row],
    calibration: Sequence[Row],
    test: Sequence[Row],
    seed: int,
    work: Path,
    log: Callable[[str], None],
) -> tuple[dict, dict]:
    """(thresholds, figures) of one head per label, calibrated and given thresholds as the model is."""
    rows = sample(chosen)
    own, scores = _scored(
        _embedded("train", rows, work, log),
        rows,
        _embedded("calibrate", calibration, work, log),
        calibration,
        _embedded("test", test, work, log),
    )
    thresholds = choose_thresholds(own, calibration)
    return thresholds, evaluate(Scored(test, scores), thresholds, seed)


def left_out(
    chosen: Sequence[Row],
    calibration: Sequence[Row],
    test: Sequence[Row],
    seed: int,
    work: Path,
    log: Callable[[str], None],
) -> dict:
    """AUCs of heads that were fitted without one source, by its name; "none" is the baseline itself."""
    rows = sample(chosen)
    train, known, unseen = (
        _embedded(name, part, work, log) for name, part in (("train", rows), ("calibrate", calibration), ("test", test))
    )
    figures = {}
    for source in ["none", *sorted({row.source for row in rows})]:
        kept = [i for i, row in enumerate(rows) if row.source != source]
        _, scores = _scored(train[kept], [rows[i] for i in kept], known, calibration, unseen)
        scored = Scored(test, scores)
        parts = {
            "auc_wikipedia": scored.source == "wikipedia",
            "auc_davidson": scored.source == "davidson",
            "auc_other_posts": np.isin(scored.source, ["davidson", "civil", "emotions"]),
        }
        figures[source] = {name: maximum_auc(scored.where(part), seed)["auc"] for name, part in parts.items()}
    return figures
