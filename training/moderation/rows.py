"""One labelled text, and the split of every source into parts by a digest of its text."""

import hashlib
import re
from dataclasses import dataclass

LABELS = ["toxic", "hate", "offensive", "insult"]

UNKNOWN = None
Target = tuple[int | None, int | None, int | None, int | None]
"""0, 1 or unknown for each of LABELS. What a source does not say about a label takes no part in its loss or figures."""

HARMLESS: Target = (0, 0, 0, 0)
PARTS = ["train", "calibrate", "test"]


@dataclass(frozen=True)
class Row:
    """`kind` names the family of a generated sentence, or the class of its source."""

    text: str
    target: Target
    source: str
    part: str
    kind: str = ""


def key_of(text: str) -> str:
    """The same for texts that differ in case, blanks or marks alone, or after their first 80 letters."""
    return re.sub(r"[^a-z0-9]+", "", text.lower())[:80]


def part_of(text: str, calibrate: int, test: int) -> str:
    """One of PARTS, by a digest of the text: `calibrate` and `test` are shares in per cent.

    Near duplicates have one key and so fall in the same part.
    """
    place = int.from_bytes(hashlib.sha256(key_of(text).encode()).digest()[:4], "big") % 100
    if place < test:
        return "test"
    return "calibrate" if place < test + calibrate else "train"
