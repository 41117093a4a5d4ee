"""Writes one version folder of the registry: model, tokenizer, configuration, card, and a manifest over their digests."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from encoder import Shape

MAX_TOKENS = 256
FILES = [
    "model.onnx",
    "tokenizer.json",
    "tokenizer_config.json",
    "config.json",
    "parity.json",
    "calibration.jsonl",
    "CARD.md",
]


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_tokenizer(base: Path, folder: Path) -> None:
    """The base's tokenizer without the truncation and padding baked into it, and its configuration."""
    tokenizer = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["truncation"] = None
    tokenizer["padding"] = None
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False) + "\n", encoding="utf-8")
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": True,
            "strip_accents": None,
            "tokenize_chinese_chars": True,
            "model_max_length": MAX_TOKENS,
            "truncation_side": "right",
            "padding_side": "right",
            "cls_token": "[CLS]",
            "mask_token": "[MASK]",
            "pad_token": "[PAD]",
            "sep_token": "[SEP]",
            "unk_token": "[UNK]",
        },
    )


def write_config(
    shape: Shape, folder: Path, labels: Sequence[str], problem_type: str = "single_label_classification"
) -> None:
    """config.json in Hugging Face naming."""
    write_json(
        folder / "config.json",
        {
            "architectures": ["BertForSequenceClassification"],
            "model_type": "bert",
            "problem_type": problem_type,
            "id2label": {str(i): label for i, label in enumerate(labels)},
            "label2id": {label: i for i, label in enumerate(labels)},
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.intermediate,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.0,
            "layer_norm_eps": shape.eps,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": 1,
            "vocab_size": shape.vocabulary,
            "pad_token_id": 0,
            "initializer_range": 0.02,
        },
    )


def write_manifest(folder: Path, manifest: dict, further_files: Sequence[str] = ()) -> None:
    """Adds the digests and sizes of the folder's files and writes manifest.json."""
    digests = {}
    for name in [*FILES, *further_files]:
        content = (folder / name).read_bytes()
        digests[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    write_json(folder / "manifest.json", manifest | {"files": digests})
