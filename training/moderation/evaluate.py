"""Every figure of the card, from scores of rows that took no part in training or calibration."""

from collections.abc import Sequence

import numpy as np

from metrics import auc, bootstrap, wilson

from .calibrate import at_false_positive_rate, calibration_error, f1_of, macro_f1, three_classes
from .rows import LABELS, Row

Thresholds = dict[str, dict[str, float]]
KINDS = ["hate", "offensive", "neither"]


class Scored:
    """Rows with their calibrated scores [rows, labels]."""

    def __init__(self, rows: Sequence[Row], scores: np.ndarray) -> None:
        self.rows = list(rows)
        self.scores = scores
        self.source = np.array([row.source for row in rows])
        self.kind = np.array([row.kind for row in rows])
        self.values = np.array(
            [[np.nan if value is None else value for value in row.target] for row in rows], dtype=float
        )
        self.harmless = (self.values == 0).all(axis=1)
        self.harmful = (self.values == 1).any(axis=1)

    def where(self, chosen: np.ndarray) -> "Scored":
        rows = [row for row, keep in zip(self.rows, chosen, strict=True) if keep]
        return Scored(rows, self.scores[chosen])

    def flagged(self, thresholds: Thresholds, action: str = "review") -> np.ndarray:
        """True where a label reaches its threshold for the action."""
        return (self.scores >= np.array([thresholds[label][action] for label in LABELS])).any(axis=1)


def share(hits: np.ndarray) -> dict:
    """A share with its n and 95 % Wilson interval."""
    n = len(hits)
    if n == 0:
        return {"n": 0, "share": None, "interval_95": None}
    return {"n": n, "share": round(float(hits.mean()), 4), "interval_95": wilson(int(hits.sum()), n)}


def maximum_auc(data: Scored, seed: int) -> dict:
    """AUC of the largest score over the labels: rows with a harmful label against harmless ones."""
    part = data.where(data.harmless | data.harmful)
    top = part.scores.max(axis=1)
    return {
        "n": len(top),
        "harmful": int(part.harmful.sum()),
        "auc": round(auc(top, part.harmful), 4),
        "interval_95": bootstrap(lambda rows: auc(top[rows], part.harmful[rows]), len(top), seed),
    }


def davidson(data: Scored, thresholds: Thresholds, seed: int) -> dict:
    """Three classes at the review thresholds of hate and offensive."""
    truth = np.array([KINDS.index(kind) for kind in data.kind])
    found = three_classes(data.scores, thresholds["hate"]["review"], thresholds["offensive"]["review"])
    return {
        "n": len(truth),
        "macro_f1": round(macro_f1(found, truth), 4),
        "interval_95": bootstrap(lambda rows: macro_f1(found[rows], truth[rows]), len(truth), seed),
        "f1": {kind: round(f1_of(found == c, truth == c), 4) for c, kind in enumerate(KINDS)},
        "recall": {kind: share(found[truth == c] == c) for c, kind in enumerate(KINDS)},
    }


def per_label(data: Scored, thresholds: Thresholds, seed: int) -> dict:
    """Precision, recall and F1 at review, AUC, recall at 1 % false positives, calibration error, over the rows that
    know it."""
    figures = {}
    for i, label in enumerate(LABELS):
        knows = ~np.isnan(data.values[:, i])
        scores, truth = data.scores[knows, i], data.values[knows, i] == 1
        found = scores >= thresholds[label]["review"]
        _, recall = at_false_positive_rate(scores, truth, 0.01)
        figures[label] = {
            "n": int(knows.sum()),
            "positive": int(truth.sum()),
            "precision": share(truth[found]),
            "recall": share(found[truth]),
            "f1": round(f1_of(found, truth), 4),
            "f1_interval_95": bootstrap(lambda rows, f=found, t=truth: f1_of(f[rows], t[rows]), len(truth), seed, 400),
            "auc": round(auc(scores, truth), 4),
            "recall_at_1_percent_false_positives": round(recall, 4),
            "calibration_error": round(calibration_error(scores, truth.astype(float)), 4),
        }
    return figures


def flagged_shares(data: Scored, thresholds: Thresholds, groups: np.ndarray) -> dict:
    """Share flagged for review, and blocked, of the rows of each group."""
    review, block = data.flagged(thresholds), data.flagged(thresholds, "block")
    return {
        str(name): share(review[groups == name]) | {"blocked": round(float(block[groups == name].mean()), 4)}
        for name in np.unique(groups)
    }


def evaluate(test: Scored, thresholds: Thresholds, seed: int) -> dict:
    """The figures of one model on the test parts; `test` holds rows of every source."""
    by_source = {name: test.where(test.source == name) for name in np.unique(test.source)}
    wiki = by_source["wikipedia"]
    others = test.where(np.isin(test.source, ["davidson", "civil", "emotions"]))
    generated = by_source["generated"]
    harmless = np.array([kind.split(":")[1] == "harmless" for kind in generated.kind])
    hate = np.array([kind.split(":")[1] == "hate" for kind in generated.kind])
    family = np.array([kind.split(":")[0] for kind in generated.kind])
    about_groups = harmless & (family != "held_profanity") & (family != "held_oppose")
    flags = generated.flagged(thresholds)
    return {
        "auc_wikipedia": maximum_auc(wiki, seed),
        "auc_other_posts": maximum_auc(others, seed),
        "auc_davidson": maximum_auc(by_source["davidson"], seed),
        "davidson": davidson(by_source["davidson"], thresholds, seed),
        "per_label": per_label(test, thresholds, seed),
        "harmless_comments": share(wiki.flagged(thresholds)[wiki.harmless]),
        "toxic_comments": share(wiki.flagged(thresholds)[wiki.values[:, 0] == 1]),
        "harmless_by_source": {
            name: share(part.flagged(thresholds)[part.harmless])
            for name, part in by_source.items()
            if part.harmless.any()
        },
        "generated": {
            "harmless_about_groups": share(flags[about_groups]),
            "hate": share(flags[hate]),
            "families": flagged_shares(generated, thresholds, generated.kind),
        },
    }


POWER = -5
FLOOR = 0.001


def identity_figures(texts: Sequence[str], positive: np.ndarray, scores: np.ndarray, terms: Sequence[str]) -> dict:
    """Subgroup, BPSN and BNSP AUC per identity term, their power means, and the final metric of Jigsaw's unintended
    bias.

    A text belongs to a term that stands in it as whole words. Small or one-sided groups are left out.
    """
    padded = [f" {text.lower()} " for text in texts]
    figures = {}
    for term in terms:
        named = np.array([f" {term} " in text.replace(".", " ").replace(",", " ") for text in padded])
        if named.sum() < 50 or positive[named].all() or not positive[named].any():
            continue
        bpsn, bnsp = (named & ~positive) | (~named & positive), (named & positive) | (~named & ~positive)
        figures[term] = {
            "n": int(named.sum()),
            "subgroup": round(auc(scores[named], positive[named]), 4),
            "bpsn": round(auc(scores[bpsn], positive[bpsn]), 4),
            "bnsp": round(auc(scores[bnsp], positive[bnsp]), 4),
        }
    power = {
        name: float(np.mean([max(figure[name], FLOOR) ** POWER for figure in figures.values()]) ** (1 / POWER))
        for name in ("subgroup", "bpsn", "bnsp")
    }
    overall = auc(scores, positive)
    return {
        "n": len(texts),
        "overall": round(overall, 4),
        "power_means": {name: round(value, 4) for name, value in power.items()},
        "final": round(0.25 * (overall + sum(power.values())), 4),
        "terms": figures,
    }


def swap_terms(texts: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """(text, text with the identity term replaced by another one) of every text that names one of the pairs' first
    terms."""
    swapped = []
    for text in texts:
        words = text.split(" ")
        for old, new in pairs:
            changed = [_like(word, old, new) for word in words]
            if changed != words:
                swapped.append((text, " ".join(changed)))
                break
    return swapped


def _like(word: str, old: str, new: str) -> str:
    """`word` with `old` replaced by `new` where the word is `old`, apart from case and marks after it."""
    core = word.rstrip(".,;:!?)'\"")
    if core.lower() != old:
        return word
    return (new.capitalize() if core[:1].isupper() else new) + word[len(core) :]


def flips(before: Scored, after: np.ndarray, thresholds: Thresholds) -> dict:
    """Share of decisions (flagged or not) that change with the identity term, and the mean change of the largest
    score."""
    changed = Scored(before.rows, after)
    return share(before.flagged(thresholds) != changed.flagged(thresholds)) | {
        "mean_score_change": round(float(np.abs(before.scores.max(1) - after.max(1)).mean()), 4)
    }
