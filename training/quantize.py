"""The int8 form: static ranges of the activations that enter a matrix product, measured on calibration texts alone."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from encoder import Shape
from onnx_graph import Int8, activation_tensors, build
from runtime import inputs, open_session


def calibrate(
    state: Mapping[str, np.ndarray], shape: Shape, ids: Sequence[Sequence[int]]
) -> dict[str, tuple[float, float]]:
    """Smallest and largest value of each distinct activation over all texts, each run alone in the float form."""
    model = build(state, shape, None)
    tensors = activation_tensors(shape)
    for tensor in tensors.values():
        model.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
    session = open_session(model.SerializeToString(), [])
    low, high = dict.fromkeys(tensors, np.inf), dict.fromkeys(tensors, -np.inf)
    for row in ids:
        for name, values in zip(tensors, session.run(list(tensors.values()), inputs([row])), strict=True):
            low[name] = min(low[name], float(values.min()))
            high[name] = max(high[name], float(values.max()))
    return {name: (low[name], high[name]) for name in tensors}


def quantised(
    state: Mapping[str, np.ndarray], shape: Shape, ranges: Mapping[str, tuple[float, float]], weight_bits: int
) -> onnx.ModelProto:
    """The int8 graph with 8-bit or 7-bit weights."""
    return build(state, shape, Int8(weight_bits, ranges))
