"""Writes the version folder model-registry/moderation/v1, checked against PyTorch and documented."""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import tokenizers
import torch

import metrics
from batches import encode, predict, read_tokenizer
from cpu import this_cpu
from encoder import Classifier, Shape
from onnx_graph import build, shippable
from parity import golden_texts, tokenise, write_parity
from registry import MAX_TOKENS, write_config, write_json, write_manifest, write_tokenizer
from replay import replay
from runtime import logits, open_session

from .calibrate import Platt
from .card import card
from .rows import LABELS, Row

MODEL = "moderation"
VERSION = "v1"
TASK = "multi-label-classification"
COMMAND = "python training/run_moderation.py --data DIR --out model-registry"
TOLERANCE = 1e-3
PADDED_TOKENS = 256
"""Measured for sentiment/v1, whose graph is the same but for the head."""
CALIBRATION_TEXTS = 512
GOLDEN_EACH = 200
SOURCES = [
    "Wikipedia talk page comments (labels CC0, texts CC BY-SA 3.0, not part of this folder)",
    "Davidson et al. 2017 (MIT)",
    "Civil Comments (CC0)",
    "GoEmotions (Apache-2.0)",
    "GLUE SST-2 train (not part of this folder)",
    "BBC news (not part of this folder)",
    "generated sentences (training/moderation/shapes.txt)",
]


@dataclass(frozen=True)
class Finished:
    """The trained model with its calibration; `rows` are those of the test parts."""

    model: Classifier
    platt: Platt
    shape: Shape
    base: Path
    rows: Sequence[Row]
    seed: int


def shipped_state(finished: Finished) -> dict[str, np.ndarray]:
    """The weights as the file holds them: matrices rounded to fp16, calibration inside the head."""
    trained = {name: value.numpy() for name, value in finished.model.state_dict().items()}
    return shippable(finished.platt.fold(trained), finished.shape)


def shipped_model(finished: Finished) -> Classifier:
    model = copy.deepcopy(finished.model)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in shipped_state(finished).items()})
    return model.eval()


def free_texts(rows: Sequence[Row], count: int) -> list[str]:
    """At most `count` test texts that may be copied: Civil Comments, GoEmotions and generated sentences in turn."""
    queues = [
        [row.text for row in rows if row.source == source and len(row.text) < 1000]
        for source in ("civil", "emotions", "generated")
    ]
    return [text for texts in zip(*queues, strict=False) for text in texts][:count]


def write(finished: Finished, out: Path, thresholds: dict, figures: dict, log: Callable[[str], None]) -> Path:
    """Writes out/moderation/v1 and out/moderation/v1/thresholds.json. Returns the folder."""
    folder = out / MODEL / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    content = build(shipped_state(finished), finished.shape, None).SerializeToString()
    onnx.checker.check_model(content)
    (folder / "model.onnx").write_bytes(content)
    write_tokenizer(finished.base, folder)
    write_config(finished.shape, folder, LABELS, "multi_label_classification")
    texts = free_texts(finished.rows, CALIBRATION_TEXTS + 3 * GOLDEN_EACH + 2000)
    golden, calibration = texts[: 3 * GOLDEN_EACH], texts[3 * GOLDEN_EACH : 3 * GOLDEN_EACH + CALIBRATION_TEXTS]
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in calibration]
    (folder / "calibration.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    tokenizer = read_tokenizer(folder / "tokenizer.json", MAX_TOKENS)
    pairs = golden_texts([], golden, texts[3 * GOLDEN_EACH + CALIBRATION_TEXTS :], finished.seed)
    tokens = tokenise(tokenizer, [text for _, text in pairs], MAX_TOKENS)
    ids = [row for row, _ in tokens]
    session = open_session(content, [])
    exact = metrics.sigmoid(fp32_logits(shipped_model(finished), ids))
    own = metrics.alone(lambda rows: logits(session, rows), ids, metrics.sigmoid)
    before = metrics.sigmoid(fp32_logits(finished.model, ids) * finished.platt.slope + finished.platt.offset)
    header = {
        "schema_version": 1,
        "tokenizer": f"tokenizers {tokenizers.__version__}",
        "reference": {VERSION: f"PyTorch {torch.__version__.split('+')[0]}, fp32 arithmetic"},
        "tolerance": TOLERANCE,
    }
    write_parity(folder / "parity.json", header, pairs, tokens, LABELS, exact, None)
    variance_ids = encode(tokenizer, golden)
    variance = metrics.batch_variance(
        lambda rows: logits(session, rows), variance_ids, finished.seed, scores_of=metrics.sigmoid
    )
    manifest = {
        "schema_version": 1,
        "model": MODEL,
        "version": VERSION,
        "task": TASK,
        "labels": LABELS,
        "max_tokens": MAX_TOKENS,
        "truncation_side": "right",
        "precision": "fp32",
        "weight_storage": "fp16",
        "session": {"graph_optimization_level": "all", "disabled_optimizers": []},
        "batching": {"max_padded_tokens": PADDED_TOKENS, "runs_alone": False},
        "checked_on": [],
        "source": {
            "base_model": "all-MiniLM-L6-v2",
            "base_license": "apache-2.0",
            "data": SOURCES,
            "recipe": "training/run_moderation.py",
            "command": COMMAND,
            "seed": finished.seed,
        },
        "batch_variance": variance,
    }
    checked = json.loads((folder / "parity.json").read_text(encoding="ascii"))
    manifest["checked_on"].append(this_cpu() | replay(folder / "model.onnx", manifest, checked))
    storage = {
        "parity_texts": len(pairs),
        "max_change": f"{np.abs(exact - before).max():.1e}",
        "parity": f"{np.abs(own - exact).max():.1e}",
    }
    write_json(folder / "thresholds.json", thresholds)
    (folder / "CARD.md").write_text(
        card(figures, thresholds, storage, variance, command=COMMAND, seed=finished.seed), encoding="utf-8"
    )
    write_manifest(folder, manifest, ["thresholds.json"])
    log(f"wrote {folder}: {storage}, {manifest['checked_on'][0]}")
    return folder


def fp32_logits(model: Classifier, ids: Sequence[Sequence[int]]) -> np.ndarray:
    with torch.no_grad():
        return predict(model, ids, 0, bf16=False).numpy()
