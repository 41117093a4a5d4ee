"""What the model is trained on: how many rows of which source, and a harmless counterweight to Civil Comments.

civil_comments_toxic.csv holds toxic posts alone. Trained on as it is, it teaches its style: whatever reads like a
reader's comment on the news counts as toxic. Most posts of several sentences are toxic in one of them. So the sentences
of these posts that a judge, trained without Civil Comments, finds least toxic are joined to texts of the posts' lengths
and taken as harmless.
"""

import random
import re
from collections import Counter
from collections.abc import Callable

import numpy as np

from .frozen import embed, fit, scores
from .rows import HARMLESS, Row

COUNTS = {
    ("davidson", "offensive"): 5500,
    ("civil", "toxic"): 4000,
    ("emotions", "harmless"): 10000,
    ("reviews", "harmless"): 1500,
    ("news", "harmless"): 1500,
}
"""Largest numbers of training rows; sources that are not named are taken whole."""

JUDGE_ROWS = 1000
SENTENCES = 12000
COUNTERWEIGHT_ROWS = 4000
HARMLESS_SHARE = 0.4
COARSE = re.compile(
    r"fuck|shit|bitch|cunt|whore|slut|nigg|fag|retard|idiot|moron|stupid|dumb|ass\b|asshole|damn|crap|pathetic|ignoran|loser|liar|"
    r"disgust|hypocri|scum|trash|garbage|troll|coward|fool|clown|racist|bigot|evil|sick|hate|kill|pedo|rape|nazi|suck|hell\b|jerk|"
    r"ridiculous|crook|corrupt|thug|insane|crazy|lunatic|butt\b|screw|lies\b|lying|silly|nuts\b|goofy|rat\b|pig|parasite|shame",
    re.IGNORECASE,
)


def limited(rows: list[Row]) -> list[Row]:
    """Training rows in the order given, at most COUNTS of each source and class."""
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for row in rows:
        kind = (row.source, row.kind)
        if row.part == "train" and taken[kind] < COUNTS.get(kind, len(rows)):
            taken[kind] += 1
            chosen.append(row)
    return chosen


def judge(rows: list[Row], without: str) -> tuple:
    """A head for embeddings, fitted to at most JUDGE_ROWS training rows of every source but one."""
    taken: Counter[str] = Counter()
    chosen = []
    for row in rows:
        if row.part == "train" and row.source != without and taken[row.source] < JUDGE_ROWS:
            taken[row.source] += 1
            chosen.append(row)
    return fit(embed([row.text for row in chosen]), [row.target for row in chosen])


def counterweight(rows: list[Row], seed: int, log: Callable[[str], None]) -> list[Row]:
    """Harmless texts in the style of Civil Comments, for training, and as long as the toxic ones."""
    rng = random.Random(seed)
    posts = [row for row in rows if row.source == "civil" and row.part == "train"]
    sentences: dict[str, None] = {}
    for post in posts:
        parts = re.split(r"(?<=[.!?])\s+", post.text)
        if len(parts) >= 3:
            sentences.update(
                dict.fromkeys(part for part in parts if 4 <= len(part.split()) <= 40 and not COARSE.search(part))
            )
    texts = list(sentences)
    rng.shuffle(texts)
    texts = texts[:SENTENCES]
    head = judge(rows, "civil")
    log("counterweight: the judge is fitted")
    toxic = scores(embed(texts), head)[:, 0]
    order = np.argsort(toxic, kind="stable")[: int(len(texts) * HARMLESS_SHARE)]
    harmless = [texts[i] for i in order]
    log(f"counterweight: {len(texts)} sentences, {len(harmless)} taken, judged at most {toxic[order[-1]]:.3f} toxic")
    made = []
    for _ in range(COUNTERWEIGHT_ROWS):
        wanted = len(rng.choice(posts).text.split())
        text = rng.choice(harmless)
        while len(text.split()) < min(wanted, 80) - 5:
            text = f"{text} {rng.choice(harmless)}"
        made.append(Row(text, HARMLESS, "civil", "train", "counterweight"))
    return made
