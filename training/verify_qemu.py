"""Replays golden texts under an emulated Haswell (AVX2, no VNNI) and adds the outcome to the manifest.

    python training/verify_qemu.py model-registry/sentiment/v2 [--texts 300] [--model other.onnx]

Needs Debian's qemu-user. There u8 x s8 products go through 16-bit sums, which can saturate with 8-bit weights. About a
second a text for int8; texts of more than 64 ids are left out because they take minutes, and so does every text in fp32.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from registry import write_json

CPU = "qemu Haswell"
MAX_IDS = 64


def emulate(folder: Path, model: Path, texts: int) -> dict:
    """Runs replay.py under qemu-x86_64 -cpu Haswell. Returns its entry for `checked_on`."""
    command = [
        "qemu-x86_64", "-cpu", "Haswell", sys.executable, str(Path(__file__).with_name("replay.py")), str(folder),
        "--model", str(model), "--max-ids", str(MAX_IDS), "--texts", str(texts), "--cpu", CPU, "--features", "avx2",
    ]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout.strip().splitlines()[-1])


def check(folder: Path, texts: int) -> dict:
    """Replays the folder's own model and records the outcome in its manifest."""
    result = emulate(folder, folder / "model.onnx", texts)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["checked_on"] = [entry for entry in manifest["checked_on"] if entry["cpu"] != CPU] + [result]
    write_json(path, manifest)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--model", type=Path, help="another model.onnx to run on the same texts; leaves the manifest")
    args = parser.parse_args()
    result = emulate(args.folder, args.model, args.texts) if args.model else check(args.folder, args.texts)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
