"""Replays golden texts of a version folder in this process and prints the differences as JSON.

    python training/replay.py model-registry/sentiment/v2 [--texts 300] [--max-ids 64] [--cpu "qemu Haswell" --features avx2]

Needs numpy and onnxruntime only, so that it also runs under an emulated processor (see verify_qemu.py).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

from cpu import this_cpu
from metrics import SCORES
from runtime import logits, open_session


def replay(model: Path, manifest: dict, parity: dict, texts: int | None = None, max_ids: int | None = None) -> dict:
    """Runs golden texts, each alone, against their scores on record.

    All of them, or those of at most `max_ids` ids, or `texts` of those, evenly spread over the set.
    """
    items = [item for item in parity["items"] if max_ids is None or len(item["ids"]) <= max_ids]
    if texts is not None and texts < len(items):
        items = [items[i] for i in np.linspace(0, len(items) - 1, texts).astype(int)]
    session = open_session(str(model), manifest["session"]["disabled_optimizers"])
    expected = np.array([item["scores"] for item in items])
    scores = SCORES[manifest["task"]](np.concatenate([logits(session, [item["ids"]]) for item in items]))
    return {
        "onnxruntime": onnxruntime.__version__,
        "parity_texts": len(items),
        "max_score_difference": float(f"{np.abs(scores - expected).max():.2e}"),
        "label_flips": int((scores.argmax(axis=1) != expected.argmax(axis=1)).sum()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="version folder with manifest.json and parity.json")
    parser.add_argument("--model", type=Path, help="another model.onnx to run on the same texts")
    parser.add_argument("--texts", type=int, help="how many golden texts (default: all)")
    parser.add_argument("--max-ids", type=int, help="leave longer texts out (default: none)")
    parser.add_argument("--cpu", help="name to report instead of this machine's")
    parser.add_argument("--features", nargs="*", default=[], help="with --cpu: its features")
    args = parser.parse_args()
    manifest = json.loads((args.folder / "manifest.json").read_text(encoding="utf-8"))
    parity = json.loads((args.folder / "parity.json").read_text(encoding="utf-8"))
    where = {"cpu": args.cpu, "features": args.features} if args.cpu else this_cpu()
    print(
        json.dumps(where | replay(args.model or args.folder / "model.onnx", manifest, parity, args.texts, args.max_ids))
    )


if __name__ == "__main__":
    main()
