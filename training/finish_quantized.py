"""Adds the results of `serin evaluate` and of an emulated processor to a version that `serin quantize` made.

    npx serin quantize sentiment/v1 --to v2    # over the shipped one: see README.md
    npx serin evaluate sentiment/v2 --against v1 --data DIR/sst2/dev.tsv --text-field content --json > evaluation.json
    python training/finish_quantized.py model-registry/sentiment/v2 evaluation.json "GLUE SST-2 validation" [--qemu-texts 200]
    npx serin evaluate sentiment/v2 --against v1 --data DIR/sst2/dev.tsv --text-field content --record

Accuracy and batch variance go into manifest.json and CARD.md, and with --qemu-texts (Debian's qemu-user) so does the
replay of that many golden texts on an emulated Haswell, which has no VNNI. The manifest is another one then, so the
evaluation that is recorded comes last.
"""

import argparse
import hashlib
import json
from pathlib import Path

from registry import write_json
from verify_qemu import emulate

MIXED_ROWS = 16

ACCURACY = """## Accuracy

`{command}` on {data_set}:

| | {version} | {against} |
|---|---|---|
| right | {correct} of {n} | {other_correct} of {n} |
| accuracy | {accuracy:.2%} | {other_accuracy:.2%} |
| 95 % interval (Wilson) | {low:.2%} to {high:.2%} | {other_low:.2%} to {other_high:.2%} |
| calibration error | {calibration:.4f} | {other_calibration:.4f} |

{differ} texts get another label than from {against}: {lost} are lost and {won} won (McNemar p = {p:.2f}), and scores move by
{shift:.4f} on average. Alone or in batches, {flips} of {varied} labels differ, and scores change by at most {change:g}.
The evaluation set took no part in calibration.

## Processors

The golden texts were replayed on the processors that `manifest.json` names under `checked_on`. Weights have {bits} bits:
u8 x s8 products go through saturating 16-bit sums on processors without VNNI, and 255 x 63 x 2 fits there.
{outcome}"""

OUTCOME = """On an emulated one without VNNI (`training/verify_qemu.py`) {label_flips} of {parity_texts} golden texts get another label, and
scores differ by at most {max_score_difference:g} from those on record, which are rounded to six digits.
"""


def finish(folder: Path, evaluation: dict, data_set: str, qemu_texts: int | None) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    measured, variance = evaluation["candidate"], evaluation["candidate"]["batch_variance"]
    if measured["manifest_sha256"] != hashlib.sha256(path.read_bytes()).hexdigest():
        raise SystemExit("The evaluation is about another manifest: evaluate what `serin quantize` has just made.")
    if qemu_texts is not None:
        manifest["checked_on"].append(emulate(folder, folder / "model.onnx", qemu_texts))
    accuracy = measured["accuracy"]
    figures = {
        "accuracy": {
            "data_set": data_set,
            "n": accuracy["n"],
            "correct": accuracy["correct"],
            "accuracy": round(accuracy["accuracy"], 4),
            "interval_95": [round(bound, 4) for bound in accuracy["interval_95"]],
        },
        "batch_variance": {
            "n": variance["mixed"]["texts"],
            "batch_size": MIXED_ROWS,
            "label_flips": variance["label_flips"],
            "max_score_change": variance["max_score_change"],
        },
    }
    card = folder / "CARD.md"
    text = card.read_text(encoding="utf-8").split("## Accuracy")[0] + accuracy_section(evaluation, data_set, manifest)
    card.write_text(text, encoding="utf-8")
    content = card.read_bytes()
    files = manifest.pop("files")
    files["CARD.md"] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    write_json(path, manifest | figures | {"files": files})


def accuracy_section(evaluation: dict, data_set: str, manifest: dict) -> str:
    ours, other, compared = evaluation["candidate"], evaluation["against"], evaluation["comparison"]
    variance = ours["batch_variance"]
    emulated = [check for check in manifest["checked_on"] if check["cpu"].startswith("qemu")]
    model, version, against = evaluation["model"], ours["version"], other["version"]
    return ACCURACY.format(
        command=f"serin evaluate {model}/{version} --against {against}",
        data_set=data_set,
        version=version,
        against=against,
        n=ours["accuracy"]["n"],
        correct=ours["accuracy"]["correct"],
        accuracy=ours["accuracy"]["accuracy"],
        low=ours["accuracy"]["interval_95"][0],
        high=ours["accuracy"]["interval_95"][1],
        calibration=ours["calibration"]["expected_error"],
        other_correct=other["accuracy"]["correct"],
        other_accuracy=other["accuracy"]["accuracy"],
        other_low=other["accuracy"]["interval_95"][0],
        other_high=other["accuracy"]["interval_95"][1],
        other_calibration=other["calibration"]["expected_error"],
        differ=compared["disagreements"]["texts"],
        lost=compared["lost"],
        won=compared["won"],
        p=compared["mcnemar_p"],
        shift=compared["score_shift"]["mean"],
        flips=variance["mixed"]["label_flips"],
        varied=variance["mixed"]["texts"],
        change=variance["mixed"]["max_score_change"],
        bits=manifest["source"]["weight_bits"],
        outcome="".join(OUTCOME.format(**check) for check in emulated),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="version folder as serin quantize left it")
    parser.add_argument("evaluation", type=Path, help="what serin evaluate --against --json said about it")
    parser.add_argument("data_set", help="name of the data, for the record")
    parser.add_argument("--qemu-texts", type=int, help="golden texts to replay on an emulated Haswell (default: none)")
    args = parser.parse_args()
    evaluation = json.loads(args.evaluation.read_text(encoding="utf-8"))
    finish(args.folder, evaluation, args.data_set, args.qemu_texts)


if __name__ == "__main__":
    main()
