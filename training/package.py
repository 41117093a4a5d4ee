"""Turns the trained student into the two version folders, measured and documented."""

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import tokenizers
import torch

import cards
import metrics
from batches import encode, predict, read_tokenizer
from cpu import this_cpu
from data import LABELS
from encoder import Classifier, Shape
from onnx_graph import build, shippable
from parity import golden_texts, tokenise, write_parity
from quantize import calibrate, quantised
from registry import MAX_TOKENS, write_config, write_manifest, write_tokenizer
from replay import replay
from runtime import BUDGETS, batches_within, logits, open_session, throughput

MODEL = "sentiment"
COMMAND = "python training/run.py --data DIR --out model-registry"
WEIGHT_BITS = 7
CALIBRATION_TEXTS = 512
NATURAL_TEXTS = 100
TOLERANCE = 1e-3
COARSE = re.compile(
    r"fuck|shit|bitch|cunt|whore|slut|nigg|fag|retard|rape|kill|pedo|jew|muslim|gay|black", re.IGNORECASE
)
WEIGHT_NOTE = """Weights have 7 bits because u8 x s8 products go through saturating 16-bit sums on processors without VNNI:
255 x 63 x 2 fits, 255 x 127 x 2 does not. The outcome on such a processor stands in `manifest.json` under `checked_on`."""

Rows = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Source:
    """The results of the training; `training` holds the held-out accuracy of each epoch."""

    model: Classifier
    shape: Shape
    base: Path
    held_out: Rows
    dev: Rows
    comments: Sequence[str]
    training: dict
    seed: int


@dataclass(frozen=True)
class Form:
    """One of the two versions before it is written."""

    version: str
    precision: str
    storage: str
    title: str
    arithmetic: str
    onnx: bytes


def in_batches(session: onnxruntime.InferenceSession, ids: Sequence[Sequence[int]]) -> np.ndarray:
    """Scores [n, labels] in the order given, run in length-sorted batches."""
    scores = np.empty((len(ids), len(LABELS)))
    for rows in batches_within([len(row) for row in ids], 512):
        scores[rows] = metrics.softmax(logits(session, [ids[i] for i in rows]))
    return scores


def calibration_texts(sentences: Sequence[str]) -> list[str]:
    """CALIBRATION_TEXTS texts: single sentences, and paragraphs of eight for one in eight of them."""
    paragraphs = CALIBRATION_TEXTS // 8
    single = CALIBRATION_TEXTS - paragraphs
    joined = [" ".join(sentences[single + 8 * i : single + 8 * i + 8]) for i in range(paragraphs)]
    return list(sentences[:single]) + joined


def best_budget(speeds: Mapping[str, float]) -> int:
    """The budget with the most texts per second; a smaller one wins when it is within 1 %."""
    top = max(speeds[str(budget)] for budget in BUDGETS)
    return next(budget for budget in BUDGETS if speeds[str(budget)] >= 0.99 * top)


def write(source: Source, out: Path, work: Path, log: Callable[[str], None]) -> None:
    """Writes out/sentiment/v1 and v2 and work/figures.json."""
    mild = [text for text in source.comments if not COARSE.search(text)]
    natural, mild = mild[:NATURAL_TEXTS], mild[NATURAL_TEXTS:]
    calibration = calibration_texts(mild)
    tokenizer = read_tokenizer(source.base / "tokenizer.json", MAX_TOKENS)
    trained = {name: value.numpy() for name, value in source.model.state_dict().items()}
    state = shippable(trained, source.shape)
    model = copy.deepcopy(source.model)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    ranges = calibrate(state, source.shape, encode(tokenizer, calibration))
    log("calibrated")
    candidates = {bits: quantised(state, source.shape, ranges, bits).SerializeToString() for bits in (8, 7)}
    forms = [
        Form("v1", "fp32", "fp16", "fp32 arithmetic", "fp32, weights stored as fp16",
             build(state, source.shape, None).SerializeToString()),
        Form("v2", "int8", "int8", "int8, quantised statically", f"int8 products with {WEIGHT_BITS}-bit weights",
             candidates[WEIGHT_BITS]),
    ]  # fmt: skip
    for form in forms:
        onnx.checker.check_model(form.onnx)

    pairs = golden_texts([text for text, _ in source.dev], natural, mild[-2000:], source.seed)
    tokens = tokenise(tokenizer, [text for _, text in pairs], MAX_TOKENS)
    golden_ids = [ids for ids, _ in tokens]
    exact = metrics.softmax(torch_logits(model, golden_ids))
    unrounded = metrics.softmax(torch_logits(source.model, golden_ids))
    on_dev = np.array([group == "dev" for group, _ in pairs])
    storage = {
        "max_change_dev": float(f"{np.abs(exact - unrounded)[on_dev].max():.2e}"),
        "max_change_golden": float(f"{np.abs(exact - unrounded).max():.2e}"),
        "label_flips": int((exact.argmax(axis=1) != unrounded.argmax(axis=1)).sum()),
    }
    log(f"fp16 storage {storage}")
    sets = {
        "GLUE SST-2 validation": source.dev,
        "held-out whole training sentences": source.held_out,
    }
    encoded = {name: encode(tokenizer, [text for text, _ in rows]) for name, rows in sets.items()}
    dev_ids = encoded["GLUE SST-2 validation"]
    figures = {
        "teacher": json.loads((work / "teacher.json").read_text()),
        "student": source.training,
        "v2_weight_bits": {},
        "fp16_storage": storage,
    }
    for bits, candidate in candidates.items():
        (work / f"int8-{bits}bit.onnx").write_bytes(candidate)
        scores = in_batches(open_session(candidate, []), dev_ids)
        figures["v2_weight_bits"][bits] = metrics.accuracy(scores, [label for _, label in source.dev])

    measured = work / "texts_per_s.json"
    if not measured.exists():
        speeds = throughput({form.version: open_session(form.onnx, []) for form in forms}, dev_ids[::2])
        measured.write_text(json.dumps(speeds))
    speeds = json.loads(measured.read_text())
    figures["texts_per_s"] = speeds
    log(f"texts per second {speeds}")

    for form in forms:
        budget = best_budget(speeds[form.version])
        session = open_session(form.onnx, [])
        accuracies = {
            name: metrics.accuracy(in_batches(session, encoded[name]), [label for _, label in rows])
            for name, rows in sets.items()
        }
        variance = metrics.batch_variance(lambda ids, s=session: logits(s, ids), dev_ids, source.seed)
        own = metrics.alone(lambda ids, s=session: logits(s, ids), golden_ids)
        change = float(np.abs(own - exact).max())
        flips = int((own.argmax(axis=1) != exact.argmax(axis=1)).sum())
        folder = out / MODEL / form.version
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.onnx").write_bytes(form.onnx)
        write_tokenizer(source.base, folder)
        write_config(source.shape, folder, LABELS)
        lines = [json.dumps({"text": text}, ensure_ascii=False) for text in calibration]
        (folder / "calibration.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        shipped = read_tokenizer(folder / "tokenizer.json", MAX_TOKENS)
        if tokenise(shipped, [text for _, text in pairs], MAX_TOKENS) != tokens:
            raise ValueError("the shipped tokenizer gives other ids than the one the model was trained with")
        reference = (
            f"PyTorch {torch.__version__.split('+')[0]}, fp32 arithmetic"
            if form.precision == "fp32"
            else f"onnxruntime {onnxruntime.__version__}, this version's model.onnx"
        )
        header = {
            "schema_version": 1,
            "tokenizer": f"tokenizers {tokenizers.__version__}",
            "reference": {form.version: reference},
            "tolerance": TOLERANCE,
        }
        own_reference = form.precision == "int8"
        write_parity(
            folder / "parity.json",
            header,
            pairs,
            tokens,
            LABELS,
            own if own_reference else exact,
            exact if own_reference else None,
        )
        manifest = {
            "schema_version": 1,
            "model": MODEL,
            "version": form.version,
            "task": "text-classification",
            "labels": LABELS,
            "max_tokens": MAX_TOKENS,
            "truncation_side": "right",
            "precision": form.precision,
            "weight_storage": form.storage,
            "session": {"graph_optimization_level": "all", "disabled_optimizers": []},
            "batching": {"max_padded_tokens": budget, "runs_alone": False},
            "checked_on": [],
            "source": {
                "base_model": "all-MiniLM-L6-v2",
                "base_license": "apache-2.0",
                "teacher": "all-mpnet-base-v2",
                "data": ["GLUE SST-2 train", "Civil Comments (CC0, unlabelled)"],
                "recipe": "training/run.py",
                "command": COMMAND,
                "seed": source.seed,
            },
            "accuracy": {"data_set": "GLUE SST-2 validation"} | accuracies["GLUE SST-2 validation"],
            "batch_variance": variance,
        }
        if own_reference:
            manifest["source"]["weight_bits"] = WEIGHT_BITS
        golden = json.loads((folder / "parity.json").read_text(encoding="ascii"))
        here = this_cpu() | replay(folder / "model.onnx", manifest, golden)
        manifest["checked_on"].append(here)
        checks = "Golden texts were replayed on the processors that `manifest.json` names under `checked_on`."
        if own_reference:
            checks += (
                f" Against PyTorch in fp32, over all {len(pairs)} golden texts: {flips} labels"
                f" differ, scores by at most {change:.3f}."
            )
            how_made = cards.INT8_PART.format(
                calibration_texts=CALIBRATION_TEXTS, weight_bits=WEIGHT_BITS, weight_note=WEIGHT_NOTE
            )
        else:
            how_made = cards.FP32_PART.format(parity_texts=len(pairs), parity=f"{change:.1e}", **storage)
        text = cards.card(
            form.version, form.title, form.arithmetic, how_made, accuracies, variance, checks,
            command=COMMAND, seed=source.seed, epochs=source.training["epochs"],
            best_epoch=source.training["best_epoch"], held_out_n=len(source.held_out),
        )  # fmt: skip
        (folder / "CARD.md").write_text(text, encoding="utf-8")
        write_manifest(folder, manifest)
        figures[form.version] = {
            "accuracy": accuracies,
            "batch_variance": variance,
            "budget": budget,
            "against_pytorch": {"texts": len(pairs), "label_flips": flips, "max_score_difference": change},
            "checked_on": manifest["checked_on"],
        }
        log(f"{form.version} {figures[form.version]}")
    (work / "figures.json").write_text(json.dumps(figures, indent=2))


def torch_logits(model: Classifier, ids: Sequence[Sequence[int]]) -> np.ndarray:
    """fp32 logits [n, labels] of PyTorch."""
    with torch.no_grad():
        return predict(model, ids, 0, bf16=False).numpy()
