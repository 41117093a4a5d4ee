"""Readers of the public sources: each gives rows with what its labels mean for ours, unknown where it does not say.

No text of them is part of the repository. Shares of calibration and test are per cent of each source.
"""

import csv
import gzip
import html
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from data import read_sst2, whole_sentences

from .rows import HARMLESS, UNKNOWN, Row, Target, key_of, part_of

UNKIND_EMOTIONS = {"anger", "annoyance", "disgust", "disapproval"}


def tidy(text: str) -> str:
    """HTML entities resolved and runs of blanks made one."""
    return re.sub(r"\s+", " ", html.unescape(text)).strip()


def wikipedia(path: Path) -> Iterator[Row]:
    """Comments of talk pages. A comment without toxicity has none of the other labels either; rows with the toxic label
    alone leave the rest unknown."""
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            toxic = int(row["toxic"])
            target: Target = HARMLESS
            if row["insult"] != "":
                target = (toxic, int(row["identity_hate"]), int(row["obscene"]), int(row["insult"]))
            elif toxic:
                target = (1, UNKNOWN, UNKNOWN, UNKNOWN)
            text = tidy(row["text"])
            yield Row(text, target, "wikipedia", part_of(text, 10, 14), "toxic" if toxic else "harmless")


def davidson(path: Path) -> Iterator[Row]:
    """Tweets: hate speech is toxic too; of offensive ones the source does not say whether they attack a person."""
    targets: dict[str, tuple[str, Target]] = {
        "0": ("hate", (1, 1, UNKNOWN, UNKNOWN)),
        "1": ("offensive", (UNKNOWN, 0, 1, UNKNOWN)),
        "2": ("neither", HARMLESS),
    }
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind, target = targets[row["class"]]
            text = tidy(row["tweet"])
            yield Row(text, target, "davidson", part_of(text, 10, 12), kind)


def civil(path: Path) -> Iterator[Row]:
    """Posts chosen for toxic spans: toxic, and nothing else is known."""
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            text = tidy(row["comment_text"])
            if len(text) > 2:
                yield Row(text, (1, UNKNOWN, UNKNOWN, UNKNOWN), "civil", part_of(text, 8, 10), "toxic")


def emotions(folder: Path) -> Iterator[Row]:
    """Reddit comments without anger, annoyance, disgust and disapproval: taken as harmless."""
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    unkind = {names.index(name) for name in UNKIND_EMOTIONS}
    for line in (folder / "train.tsv").read_text(encoding="utf-8").splitlines():
        text, labels, _ = line.split("\t")
        if unkind.isdisjoint(map(int, labels.split(","))):
            text = tidy(text.replace("[NAME]", "Sam").replace("[RELIGION]", "religion"))
            yield Row(text, HARMLESS, "emotions", part_of(text, 6, 8), "harmless")


def reviews(path: Path) -> Iterator[Row]:
    """Whole SST-2 sentences: harmless opinions, half of them negative."""
    rows = read_sst2(path)
    for i in whole_sentences(rows):
        text = rows[i][0]
        yield Row(text, HARMLESS, "reviews", part_of(text, 6, 8), "harmless")


def news(path: Path) -> Iterator[Row]:
    """Paragraphs of BBC news: harmless, though they tell of war and crime."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            for paragraph in json.loads(line)["text"].split("\n\n"):
                text = tidy(paragraph)
                if len(text.split()) >= 8:
                    yield Row(text, HARMLESS, "news", part_of(text, 6, 8), "harmless")


def read_all(folder: Path, seed: int) -> list[Row]:
    """All rows of all sources under `folder` (see training/README.md), in random order, near duplicates once.

    Of near duplicates the first counts, in the order wikipedia, davidson, civil, emotions, reviews, news.
    """
    toxicity = folder / "toxicity"
    rows = [
        *wikipedia(toxicity / "wikipedia_talk.csv"),
        *davidson(toxicity / "davidson.csv"),
        *civil(toxicity / "civil_comments_toxic.csv"),
        *emotions(folder / "emotions"),
        *reviews(folder / "sst2/train.tsv"),
        *news(folder / "summaries/bbc.jsonl.gz"),
    ]
    once: dict[str, Row] = {}
    for row in rows:
        once.setdefault(key_of(row.text), row)
    unique = list(once.values())
    random.Random(seed).shuffle(unique)
    return unique


LICENCES = [
    ("wikipedia", "labels CC0, comments CC BY-SA 3.0", "all four; of rows with the toxic label alone, toxic"),
    ("davidson", "MIT", "hate, offensive; neither is harmless, hate is toxic"),
    ("civil", "CC0", "toxic; the counterweight is harmless"),
    ("emotions", "Apache-2.0", "harmless: no anger, annoyance, disgust or disapproval"),
    ("reviews", "none stated (GLUE SST-2)", "harmless"),
    ("news", "the BBC's, for research", "harmless"),
    ("generated", "Apache-2.0, written for this recipe", "harmless, hate and toxic, or toxic and insult"),
]
"""(source, licence, which labels it tells), for the card."""
