"""The golden set: texts, nasty Unicode included, with the ids and scores that every other implementation must repeat."""

import json
import random
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

TEXTS = Path(__file__).with_name("golden_texts.json")


def well_formed(text: str) -> str:
    """Every lone surrogate becomes U+FFFD; done on every side before a text is tokenised or hashed."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def long_texts(sentences: Sequence[str], seed: int) -> list[str]:
    """Texts around and beyond 256 tokens, and words of 99 to 10,000 characters."""
    rng = random.Random(seed)
    texts = ["good " * n for n in (253, 254, 255, 256, 300)]
    texts += ["a" * n for n in (99, 100, 101, 200, 10_000)]
    texts += [
        "😀" * 100,
        "😀" * 101,
        "é" * 100,
        "e\u0301" * 100,
        "映" * 300,
        "x" * 10_000 + " is a great film",
        "great film " + "y" * 10_000,
    ]
    texts += ["awful " * 260 + "but wonderful", "bad, " * 200, "un" * 50, "ab" * 51, "[SEP] " * 300, "1234567890" * 30]
    texts += [" ".join(rng.sample(list(sentences), 30)) for _ in range(20)]
    return texts


def golden_texts(
    dev: Sequence[str], natural: Sequence[str], sentences: Sequence[str], seed: int
) -> list[tuple[str, str]]:
    """(group, text) pairs: the dev sentences, natural texts, texts beyond the limit, and one group per script or trap."""
    groups = {"dev": dev, "natural": natural, "limit": long_texts(sentences, seed)} | json.loads(TEXTS.read_text())
    for form in ("NFC", "NFD", "NFKC"):
        groups[form.lower()] = [unicodedata.normalize(form, text) for text in groups["normal_forms"]]
    pairs = [(group, text) for group, texts in groups.items() for text in texts]
    first = {text: group for group, text in reversed(pairs)}
    return [(group, text) for text, group in reversed(first.items())]


def tokenise(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> list[tuple[list[int], bool]]:
    """(ids after truncation, truncated?) of each text; `tokenizer` must cut at `max_tokens`."""
    encodings = tokenizer.encode_batch([well_formed(text) for text in texts])
    return [(encoding.ids[:max_tokens], bool(encoding.overflowing)) for encoding in encodings]


def write_parity(
    path: Path,
    header: dict,
    pairs: Sequence[tuple[str, str]],
    tokens: Sequence[tuple[list[int], bool]],
    labels: Sequence[str],
    scores: np.ndarray,
    pytorch_scores: np.ndarray | None,
) -> None:
    """Writes parity.json, one item per line, ASCII only (lone surrogates as \\ud800 escapes). Scores are [n, labels]."""
    lines = []
    for i, ((group, text), (ids, truncated)) in enumerate(zip(pairs, tokens, strict=True)):
        item = {
            "text": text,
            "group": group,
            "ids": ids,
            "truncated": truncated,
            "label": labels[int(scores[i].argmax())],
            "scores": [round(float(score), 6) for score in scores[i]],
        }
        if pytorch_scores is not None:
            item["pytorch_scores"] = [round(float(score), 6) for score in pytorch_scores[i]]
        lines.append(json.dumps(item, separators=(",", ":")))
    head = json.dumps(header, separators=(",", ":"))[:-1]
    path.write_text(f'{head},"items":[\n' + ",\n".join(lines) + "\n]}\n", encoding="ascii")
