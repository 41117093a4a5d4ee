"""Texts for the recipe: SST-2 rows, held-out sentences, and unlabelled texts for the teacher to label.

Every function is deterministic in its arguments. Texts are plain strings, labels are 0 (NEGATIVE) or 1 (POSITIVE).
"""

import csv
import random
import re
from pathlib import Path

LABELS = ["NEGATIVE", "POSITIVE"]


def read_sst2(path: Path) -> list[tuple[str, int]]:
    """Reads one GLUE SST-2 file: `label<TAB>text` under one header line. Returns (text, label) pairs."""
    rows = []
    for line in Path(path).read_text(encoding="utf-8").splitlines()[1:]:
        label, text = line.split("\t", 1)
        rows.append((text.strip(), int(label)))
    return rows


def _spans(words: list[str]) -> set[str]:
    """All runs of whole words of one sentence, joined by spaces."""
    return {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}


def whole_sentences(rows: list[tuple[str, int]], min_words: int = 8) -> list[int]:
    """Indices of the rows that are no part of another row: the whole sentences behind the phrases.

    Longest first, so that every sentence is seen before its phrases; equal texts count once.
    """
    order = sorted(range(len(rows)), key=lambda i: (-len(rows[i][0].split()), i))
    seen: set[str] = set()
    found = []
    for i in order:
        words = rows[i][0].split()
        text = " ".join(words)
        if len(words) < min_words:
            break
        if text not in seen:
            found.append(i)
            seen |= _spans(words)
    return sorted(found)


def split_held_out(
    rows: list[tuple[str, int]], count: int, seed: int
) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Draws `count` whole sentences and removes every row that is a run of whole words of one of them.

    Returns (rows to train on, held-out sentences). No phrase of a held-out sentence stays in training.
    """
    picked = sorted(random.Random(seed).sample(whole_sentences(rows), count))
    held_out = [rows[i] for i in picked]
    banned: set[str] = set()
    for text, _ in held_out:
        banned |= _spans(text.split())
    train = [(text, label) for text, label in rows if " ".join(text.split()) not in banned]
    return train, held_out


def civil_comment_sentences(path: Path, max_words: int = 40, min_words: int = 4) -> list[str]:
    """Civil Comments posts (CC0) cut into sentences of `min_words` to `max_words` words, original spelling, no repeats."""
    with open(path, newline="", encoding="utf-8") as file:
        posts = [row["comment_text"] for row in csv.DictReader(file)]
    sentences: dict[str, None] = {}
    for post in posts:
        for sentence in re.split(r"(?<=[.!?])\s+|\n+", post):
            sentence = " ".join(sentence.split())
            if min_words <= len(sentence.split()) <= max_words:
                sentences[sentence] = None
    return list(sentences)


def augmented(train: list[tuple[str, int]], seed: int, copies: int) -> list[str]:
    """Unlabelled variants of the whole training sentences, for the teacher to label.

    Each sentence gives `copies` variants. In turn: words dropped (15 %), half of it joined to half of another
    sentence, some words replaced by words of another sentence at the same place. At most 50 words each.
    """
    rng = random.Random(seed)
    sentences = [train[i][0].split() for i in whole_sentences(train)]
    variants: dict[str, None] = {}
    for copy in range(copies):
        for words in sentences:
            other = rng.choice(sentences)
            kind = (copy + rng.randrange(3)) % 3
            if kind == 0:
                new = [word for word in words if rng.random() > 0.15]
            elif kind == 1:
                new = words[: rng.randint(2, len(words))] + other[rng.randint(0, len(other) - 2) :]
            else:
                new = [other[k] if k < len(other) and rng.random() < 0.2 else word for k, word in enumerate(words)]
            variants[" ".join(new[:50])] = None
    variants.pop("", None)
    return list(variants)


def natural_case(text: str) -> str:
    """Undoes the tokenised look of SST-2 (`it 's a film .` -> `it's a film.`): how people write the same words."""
    text = re.sub(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", r"\1", text)
    text = re.sub(r" ([.,!?;:%)])", r"\1", text)
    text = text.replace("( ", "(").replace("-lrb- ", "(").replace(" -rrb-", ")")
    text = text.replace("`` ", '"').replace(" ''", '"')
    return text
