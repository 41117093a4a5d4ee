"""Sentences about groups, made from the shapes, groups and words beside this file.

Families of shapes marked "held", and groups marked "held", occur in test sentences alone, and families marked
"calibrate" where thresholds are chosen: so the figures speak of shapes that the model was not trained on.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path

from .rows import HARMLESS, UNKNOWN, Row, Target, key_of

FOLDER = Path(__file__).parent
TARGETS: dict[str, Target] = {
    "harmless": HARMLESS,
    "hate": (1, 1, UNKNOWN, UNKNOWN),
    "insult": (1, 0, UNKNOWN, 1),
    "trade": (UNKNOWN, 0, UNKNOWN, UNKNOWN),
}
NOUNS = ("plural", "one", "adjective")


@dataclass(frozen=True)
class Family:
    """Shapes of one kind. `meaning` is a key of TARGETS, or "pair"; `part` is one of PARTS."""

    name: str
    meaning: str
    part: str
    shapes: list[str]


@dataclass(frozen=True)
class Group:
    """How a group is named: many of them, one of them, the adjective."""

    plural: str
    one: str
    adjective: str
    kind: str
    held: bool


def _lines(name: str) -> list[str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("# ")]


def read_families() -> list[Family]:
    families: list[Family] = []
    for line in _lines("shapes.txt"):
        if line.startswith("## "):
            name, meaning, split = (part.strip() for part in line[3:].split("|"))
            families.append(Family(name, meaning, {"held": "test"}.get(split, split), []))
        else:
            families[-1].shapes.append(line)
    return families


def read_groups() -> list[Group]:
    parts = [[part.strip() for part in line.split(";")] for line in _lines("groups.txt")]
    return [Group(plural, one, adjective, kind, split == "held") for plural, one, adjective, kind, split in parts]


def read_words() -> dict[str, list[str]]:
    pairs = (line.split("=", 1) for line in _lines("words.txt"))
    return {name.strip(): [word.strip() for word in words.split("|")] for name, words in pairs}


class Generator:
    """Fills shapes with groups and words, deterministically in the seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.words = read_words()
        self.groups = read_groups()

    def pick(self, name: str) -> str:
        return self.rng.choice(self.words[name])

    def fill(self, shape: str, group: Group, other: Group) -> str:
        """One sentence of a shape that means one thing."""
        names = {"g": group.plural, "one": group.one, "adj": group.adjective, "g2": other.plural}

        def slot(match: re.Match[str]) -> str:
            return names[match[1]] if match[1] in names else self.pick(match[1])

        text = re.sub(r"\[([^\[\]]*\|[^\[\]]*)\]", lambda match: self.rng.choice(match[1].split("|")), shape)
        text = re.sub(r"\{(\w+)\}", slot, text)
        text = re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", text)
        return text[0].upper() + text[1:]

    def sides(self, shape: str) -> tuple[str, str]:
        """The harmless and the hateful shape of a pair, equal but for the words on the two sides of //."""

        def choose(side: int):
            def one(match: re.Match[str]) -> str:
                return self.rng.choice(match[1].split("//")[side].split("|"))

            return lambda text: re.sub(r"<([^<>]*//[^<>]*)>", one, text)

        def slots(side: int, text: str) -> str:
            return re.sub(r"\{(\w+)//(\w+)\}", lambda match: "{" + match[1 + side] + "}", text)

        return slots(0, choose(0)(shape)), slots(1, choose(1)(shape))

    def dress(self, text: str) -> str:
        """Writes a sentence as people do: openers, endings, small letters, no stop, a sentence before or after it."""
        rng = self.rng
        if rng.random() < 0.18:
            opener = self.pick("opener")
            opener = opener.capitalize() if rng.random() < 0.5 else opener
            text = f"{opener} {text if rng.random() < 0.3 else text[0].lower() + text[1:]}"
        if rng.random() < 0.15:
            text = f"{text.rstrip('.')} {self.pick('closer')}"
        elif rng.random() < 0.25:
            text = text.rstrip(".")
        elif rng.random() < 0.08:
            text = text.rstrip(".") + "!"
        if rng.random() < 0.08:
            text = f"{self.pick('filler')} {text}"
        elif rng.random() < 0.06:
            text = f"{text} {self.pick('filler')}"
        chance = rng.random()
        if chance < 0.22:
            return text.lower()
        return text.upper() if chance < 0.25 else text

    def family(self, family: Family, per_shape: int, groups: list[Group]) -> list[Row]:
        """Up to `per_shape` different sentences of each shape."""
        rows: list[Row] = []
        for shape in family.shapes:
            seen: set[str] = set()
            for _ in range(per_shape * 3 // 2):
                if len(seen) >= per_shape:
                    break
                group, other = self.rng.sample(groups, 2)
                simple = {family.meaning: shape}
                if "//" in shape:
                    simple = dict(zip(("harmless", "hate"), self.sides(shape), strict=True))
                for meaning, text in simple.items():
                    text = self.dress(self.fill(text, group, other))
                    if key_of(text) not in seen:
                        seen.add(key_of(text))
                        rows.append(Row(text, TARGETS[meaning], "generated", family.part, f"{family.name}:{meaning}"))
        return rows


def generate(seed: int, per_shape: int) -> list[Row]:
    """Sentences to train on, and test sentences of the held families (with every group) and of held groups."""
    made = Generator(seed)
    train_groups = [group for group in made.groups if not group.held]
    rows: list[Row] = []
    for family in read_families():
        rows += made.family(
            family, per_shape if family.part == "train" else 25, made.groups if family.part == "test" else train_groups
        )
    train_keys = {key_of(row.text) for row in rows if row.part == "train"}
    return [row for row in rows if row.part == "train" or key_of(row.text) not in train_keys]
