"""What the scores owe to the names of groups: bias_madlibs.csv (never trained on), and posts with their identity terms
swapped."""

import csv
from pathlib import Path

import numpy as np

TERMS = [
    "lesbian", "gay", "bisexual", "transgender", "trans", "queer", "lgbt", "lgbtq", "homosexual", "straight",
    "heterosexual", "male", "female", "nonbinary", "african", "african american", "black", "white", "european",
    "hispanic", "latino", "latina", "latinx", "mexican", "canadian", "american", "asian", "indian", "middle eastern",
    "chinese", "japanese", "christian", "muslim", "jewish", "buddhist", "catholic", "protestant", "sikh", "taoist",
    "old", "older", "young", "younger", "teenage", "millenial", "middle aged", "elderly", "blind", "deaf",
    "paralyzed",
]  # fmt: skip

SWAPS = [
    ("muslim", "christian"), ("muslims", "christians"), ("christian", "muslim"), ("christians", "muslims"),
    ("jew", "christian"), ("jews", "christians"), ("jewish", "christian"), ("catholic", "jewish"), ("catholics", "jews"),
    ("black", "white"), ("blacks", "whites"), ("white", "black"), ("whites", "blacks"), ("gay", "straight"),
    ("woman", "man"), ("women", "men"), ("man", "woman"), ("men", "women"), ("female", "male"), ("male", "female"),
    ("mexican", "canadian"), ("mexicans", "canadians"), ("american", "mexican"), ("americans", "mexicans"),
    ("immigrants", "teenagers"), ("asian", "european"), ("asians", "europeans"),
]  # fmt: skip
"""First term to second: the first that stands in a text is replaced, everywhere in it."""


def madlibs(path: Path, limit_per_template: int, seed: int) -> tuple[list[str], np.ndarray]:
    """(texts, which of them are bad): at most `limit_per_template` of each template and label, drawn at random."""
    groups: dict[tuple[str, str], list[str]] = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            groups.setdefault((row["Template"], row["Label"]), []).append(row["Text"])
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    bad: list[bool] = []
    for (_, label), members in sorted(groups.items()):
        chosen = rng.permutation(len(members))[:limit_per_template]
        texts += [members[i] for i in chosen]
        bad += [label == "BAD"] * len(chosen)
    return texts, np.array(bad)
