"""Quantises a float ONNX model with ONNX Runtime's own tool, for `npm run bench -- --quantize`.

    python python_quantize.py MODEL CALIBRATION OUT

CALIBRATION is a JSON file, a list of the token ids of each text. Writes OUT/dynamic.onnx, OUT/qdq.onnx and
OUT/qdq-all.onnx, and tells on stdout, as JSON, what made them and what could not be made. Temporary files of the tool land
in the working directory.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class TextsAlone(CalibrationDataReader):
    """Each text in a run of its own, so that no range knows of padding."""

    def __init__(self, model: Path, sequences: list[list[int]]) -> None:
        names = {value.name for value in onnx.load(model, load_external_data=False).graph.input}
        self.feeds = (self.feed(ids, names) for ids in sequences)

    @staticmethod
    def feed(ids: list[int], names: set[str]) -> dict[str, np.ndarray]:
        row = np.array([ids], dtype=np.int64)
        values = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        return {name: value for name, value in values.items() if name in names}

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def with_fp32_weights(source: Path, target: Path) -> None:
    """Weights that are stored as fp16, with a Cast behind them, as fp32: the tool would not take them for constants."""
    model = onnx.load(source)
    graph = model.graph
    halves = {tensor.name: tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT16}
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in halves]
    for node in casts:
        values = numpy_helper.to_array(halves[node.input[0]]).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        graph.node.remove(node)
    read = {name for node in graph.node for name in node.input}
    for name in halves.keys() - read:
        graph.initializer.remove(halves[name])
    onnx.save(model, target)


def dynamic(source: Path, target: Path, _sequences: list[list[int]]) -> None:
    """What most projects ship: activations are scaled anew in each run, over the whole batch."""
    quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True)


def qdq(source: Path, target: Path, sequences: list[list[int]], **options: object) -> None:
    quantize_static(
        source,
        target,
        TextsAlone(source, sequences),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        **options,
    )


def qdq_of_products(source: Path, target: Path, sequences: list[list[int]]) -> None:
    """The products with constant matrices alone."""
    qdq(source, target, sequences, op_types_to_quantize=["MatMul", "Gemm"], extra_options={"MatMulConstBOnly": True})


PRODUCTS = {"dynamic": dynamic, "qdq": qdq_of_products, "qdq-all": qdq}


def main() -> None:
    model, calibration, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    sequences = json.loads(calibration.read_text(encoding="utf-8"))
    single, prepared = out / "fp32.onnx", out / "prepared.onnx"
    with_fp32_weights(model, single)
    quant_pre_process(single, prepared, skip_symbolic_shape=True)
    products = {}
    for name, make in PRODUCTS.items():
        started = time.monotonic()
        try:
            make(prepared, out / f"{name}.onnx", sequences)
            products[name] = {"seconds": time.monotonic() - started}
        except Exception as error:  # One that cannot be made is a finding, not the end.
            products[name] = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
    print(json.dumps({"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "products": products}))


if __name__ == "__main__":
    main()
