"""Writes the classifier as an ONNX graph, node by node, from the PyTorch weights.

Two forms share one layout: float (weights stored as fp16, cast to fp32 at load) and int8 (quantised on the inputs of
the matrix products only, see quantize.py). Inputs `input_ids` and `attention_mask`, int64 [batch, sequence]; output
`logits`, float32 [batch, labels]. Token type 0 is part of the position rows, 1/sqrt(head size) part of the query
weights, and the last layer computes the first token only, which is all the head reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from encoder import Shape

OPSET = 20
MASKED = -10000.0


@dataclass(frozen=True)
class Int8:
    """How the int8 form is quantised: bits of a weight (8 or 7) and the range (min, max) of each activation by name."""

    weight_bits: int
    ranges: Mapping[str, tuple[float, float]]


def quantise_rows(weight: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 with one scale per row: [R, C] float32 to ([R, C] int8, [R] float32 scales)."""
    top = 2 ** (bits - 1) - 1
    scale = np.maximum(np.abs(weight).max(axis=1), 1e-12).astype(np.float32) / np.float32(top)
    return np.clip(np.rint(weight / scale[:, None]), -top, top).astype(np.int8), scale


def activation_scale(low: float, high: float) -> tuple[np.float32, np.uint8]:
    """Scale and zero point of uint8 values over [low, high], zero included."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high - low) / 255)
    return scale, np.uint8(np.clip(round(-low / scale), 0, 255))


class GraphBuilder:
    """Collects nodes and initializers; each method adds one step and returns the name of its result."""

    def __init__(self, int8: Int8 | None) -> None:
        self.int8 = int8
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, kind: str, inputs: Sequence[str], name: str, domain: str = "", **attributes) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, domain=domain, **attributes))
        return name

    def stored(self, name: str, value: np.ndarray) -> str:
        """A float32 tensor kept as fp16 in the file."""
        half = self.constant(f"{name}.fp16", value.astype(np.float16))
        return self.node("Cast", [half], name, to=TensorProto.FLOAT)

    def quantised(self, x: str, activation: str) -> str:
        """uint8 values of `x` for the products that read it; nothing to do in the float form."""
        if self.int8 is None:
            return x
        scale, zero = activation_scale(*self.int8.ranges[activation])
        inputs = [x, self.constant(f"{activation}.scale", scale), self.constant(f"{activation}.zero", zero)]
        return self.node("QuantizeLinear", inputs, f"{activation}.uint8")

    def linear(self, x: str, activation: str, weight: np.ndarray, bias: np.ndarray, name: str) -> str:
        """x @ weight.T + bias with weight [out, in]; `activation` names the range of x in the int8 form."""
        if self.int8 is None:
            w = self.stored(f"{name}.weight", weight.T)
            b = self.constant(f"{name}.bias", bias)
            product = self.node("MatMul", [x, w], f"{name}.product")
            return self.node("Add", [product, b], f"{name}.out")
        rows, scale = quantise_rows(weight, self.int8.weight_bits)
        inputs = [
            x,
            self.constant(f"{name}.weight", rows.T),
            f"{activation}.scale",
            self.constant(f"{name}.scale", scale),
            f"{activation}.zero",
            "",
            self.constant(f"{name}.bias", bias),
        ]
        return self.node("MatMulIntegerToFloat", inputs, f"{name}.out", domain="com.microsoft")

    def norm(self, x: str, weight: np.ndarray, bias: np.ndarray, eps: float, name: str) -> str:
        inputs = [x, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
        return self.node("LayerNormalization", inputs, f"{name}.out", axis=-1, epsilon=eps)

    def integers(self, *values: int) -> str:
        """A constant int64 vector: a shape, axes or bounds."""
        return self.constant("integers." + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def first_token(self, x: str, name: str) -> str:
        """[B, T, H] to [B, 1, H]."""
        return self.node("Slice", [x, self.integers(0), self.integers(1), self.integers(1)], name)

    def heads(self, x: str, heads: int, size: int, name: str) -> str:
        """[B, T, H] to [B, N, T, D]."""
        split = self.node("Reshape", [x, self.integers(0, 0, heads, size)], f"{name}.split")
        return self.node("Transpose", [split], f"{name}.heads", perm=[0, 2, 1, 3])


def shippable(state: Mapping[str, np.ndarray], shape: Shape) -> dict[str, np.ndarray]:
    """The weights rounded to what the float form stores, as float32: its graph then equals PyTorch with these weights.

    Matrices but the head's are rounded to fp16; those of the queries after the scaling that the graph applies.
    """
    rounded = {}
    for name, value in state.items():
        if value.ndim == 2 and not name.startswith("head"):
            scale = np.ones((len(value), 1), dtype=np.float32)
            if name.endswith("qkv.weight"):
                scale[: shape.hidden] = query_scale(shape)
            value = (value * scale).astype(np.float16).astype(np.float32) / scale
        rounded[name] = value
    return rounded


def query_scale(shape: Shape) -> np.float32:
    """1 / sqrt(head size), part of the query weights in the graph."""
    return np.float32((shape.hidden // shape.heads) ** -0.5)


def activation_tensors(shape: Shape) -> dict[str, str]:
    """Where in the float graph each distinct activation that enters a product is found: range name to tensor name."""
    tensors, given = {}, "norm.out"
    for i in range(shape.layers):
        p = f"layers.{i}"
        tensors |= {
            f"{p}.input": given,
            f"{p}.mixed": f"{p}.mixed.out",
            f"{p}.attended": f"{p}.attention_norm.out",
            f"{p}.raised": f"{p}.gelu",
        }
        given = f"{p}.output_norm.out"
    return tensors


def _embedding(g: GraphBuilder, state: Mapping[str, np.ndarray], shape: Shape) -> str:
    """Normalised sum of word and position rows, [B, T, H]."""
    if g.int8 is None:
        table = g.constant("words.fp16", state["words.weight"].astype(np.float16))
        rows = g.node("Gather", [table, "input_ids"], "words.rows")
        words = g.node("Cast", [rows], "words.out", to=TensorProto.FLOAT)
    else:
        values, scales = quantise_rows(state["words.weight"], 8)
        rows = g.node("Gather", [g.constant("words.int8", values), "input_ids"], "words.rows")
        rows = g.node("Cast", [rows], "words.rows.float", to=TensorProto.FLOAT)
        scale = g.node("Gather", [g.constant("words.scale", scales[:, None]), "input_ids"], "words.rows.scale")
        words = g.node("Mul", [rows, scale], "words.out")
    length = g.node("Shape", ["input_ids"], "sequence", start=1, end=2)
    table = g.stored("positions", state["positions.weight"])
    positions = g.node("Slice", [table, g.integers(0), length, g.integers(0)], "positions.out")
    x = g.node("Add", [words, positions], "embedded")
    return g.norm(x, state["norm.weight"], state["norm.bias"], shape.eps, "norm")


def _mask(g: GraphBuilder) -> str:
    """0 for tokens and MASKED for padding, [B, 1, 1, T]: added to the attention scores."""
    mask = g.node("Cast", ["attention_mask"], "mask.float", to=TensorProto.FLOAT)
    mask = g.node("Mul", [mask, g.constant("mask.scale", np.float32(-MASKED))], "mask.scaled")
    mask = g.node("Add", [mask, g.constant("mask.offset", np.float32(MASKED))], "mask.bias")
    return g.node("Unsqueeze", [mask, g.integers(1, 2)], "mask.out")


def _layer(
    g: GraphBuilder, state: Mapping[str, np.ndarray], shape: Shape, x: str, mask: str, p: str, last: bool
) -> str:
    """One transformer layer, [B, T, H] to [B, T, H], or to [B, 1, H] (first token only) when it is the last."""
    heads, size, eps = shape.heads, shape.hidden // shape.heads, shape.eps
    q_weight, k_weight, v_weight = np.split(state[f"{p}.qkv.weight"], 3)
    q_bias, k_bias, v_bias = np.split(state[f"{p}.qkv.bias"], 3)
    scale = query_scale(shape)

    given = g.quantised(x, f"{p}.input")
    asking = given
    if last:
        x = g.first_token(x, f"{p}.first")
        asking = x if g.int8 is None else g.first_token(given, f"{p}.input.first")
    q = g.heads(g.linear(asking, f"{p}.input", q_weight * scale, q_bias * scale, f"{p}.q"), heads, size, f"{p}.q")
    k = g.heads(g.linear(given, f"{p}.input", k_weight, k_bias, f"{p}.k"), heads, size, f"{p}.k")
    v = g.heads(g.linear(given, f"{p}.input", v_weight, v_bias, f"{p}.v"), heads, size, f"{p}.v")

    turned = g.node("Transpose", [k], f"{p}.k.turned", perm=[0, 1, 3, 2])
    scores = g.node("Add", [g.node("MatMul", [q, turned], f"{p}.scores"), mask], f"{p}.scores.masked")
    shares = g.node("Softmax", [scores], f"{p}.shares", axis=-1)
    mixed = g.node("MatMul", [shares, v], f"{p}.mixed.heads")
    mixed = g.node("Transpose", [mixed], f"{p}.mixed.turned", perm=[0, 2, 1, 3])
    mixed = g.node("Reshape", [mixed, g.integers(0, 0, shape.hidden)], f"{p}.mixed.out")

    def part(y: str, activation: str, name: str) -> str:
        return g.linear(g.quantised(y, activation), activation, state[f"{name}.weight"], state[f"{name}.bias"], name)

    def norm(y: str, name: str) -> str:
        return g.norm(y, state[f"{name}.weight"], state[f"{name}.bias"], eps, name)

    y = part(mixed, f"{p}.mixed", f"{p}.attention_out")
    x = norm(g.node("Add", [x, y], f"{p}.attention_sum"), f"{p}.attention_norm")
    y = g.node("Gelu", [part(x, f"{p}.attended", f"{p}.up")], f"{p}.gelu")
    y = part(y, f"{p}.raised", f"{p}.down")
    return norm(g.node("Add", [x, y], f"{p}.output_sum"), f"{p}.output_norm")


def build(state: Mapping[str, np.ndarray], shape: Shape, int8: Int8 | None) -> onnx.ModelProto:
    """The whole graph. `state` holds the float32 arrays of encoder.Classifier.state_dict() (pooling "first")."""
    g = GraphBuilder(int8)
    x, mask = _embedding(g, state, shape), _mask(g)
    for i in range(shape.layers):
        x = _layer(g, state, shape, x, mask, f"layers.{i}", last=i == shape.layers - 1)
    pooled = g.node("Squeeze", [x, g.integers(1)], "pooled")
    head = g.constant("head.weight", state["head.weight"].T)
    g.node("Gemm", [pooled, head, g.constant("head.bias", state["head.bias"])], "logits")

    labels = len(state["head.bias"])
    graph = helper.make_graph(
        g.nodes,
        "classifier",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", labels])],
        list(g.initializers.values()),
    )
    opsets = [helper.make_opsetid("", OPSET)]
    if int8 is not None:
        opsets.append(helper.make_opsetid("com.microsoft", 1))
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="serin-training")
