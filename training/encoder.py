"""The two encoders in plain PyTorch, with a linear head.

Shapes: B texts, T tokens (padded), H hidden size, N heads, D = H / N. Attention masks are 1 for tokens, 0 for padding.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Sizes of an encoder, as in its config.json."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    eps: float
    relative_positions: bool  # MPNet adds a learned bias per distance and head

    @staticmethod
    def read(folder: Path) -> "Shape":
        config = json.loads((Path(folder) / "config.json").read_text())
        return Shape(
            hidden=config["hidden_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            intermediate=config["intermediate_size"],
            vocabulary=config["vocab_size"],
            positions=config["max_position_embeddings"],
            eps=config["layer_norm_eps"],
            relative_positions=config["model_type"] == "mpnet",
        )


class PooledDropout(nn.Module):
    """Dropout whose masks are random slices of one pool, shared by all layers: drawing fresh bits costs 10 % of a step."""

    def __init__(self, probability: float, size: int = 1 << 25):
        super().__init__()
        self.probability = probability
        self.size = size
        self.pool: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        if self.pool is None:
            kept = torch.rand(self.size) >= self.probability
            self.pool = kept.to(torch.bfloat16) / (1 - self.probability)
        start = int(torch.randint(self.size - x.numel(), ()))
        return x * self.pool[start : start + x.numel()].view(x.shape)


class Layer(nn.Module):
    """One post-norm transformer layer; [B, T, H] in and out. Query, key and value come from one product."""

    def __init__(self, shape: Shape, dropout: PooledDropout):
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.attention_out = nn.Linear(shape.hidden, shape.hidden)
        self.attention_norm = nn.LayerNorm(shape.hidden, shape.eps)
        self.up = nn.Linear(shape.hidden, shape.intermediate)
        self.down = nn.Linear(shape.intermediate, shape.hidden)
        self.output_norm = nn.LayerNorm(shape.hidden, shape.eps)
        self.dropout = dropout

    def forward(self, x: Tensor, bias: Tensor, first_only: bool = False) -> Tensor:
        """bias [B, 1 or N, 1 or T, T] is added to the attention scores before softmax.

        With `first_only` nothing but the first token's vector is computed, [B, 1, H]: all that the last layer needs
        when the head reads only that one.
        """
        batch, tokens, hidden = x.shape
        if first_only:
            q = F.linear(x[:, :1], self.qkv.weight[:hidden], self.qkv.bias[:hidden])
            k, v = F.linear(x, self.qkv.weight[hidden:], self.qkv.bias[hidden:]).split(hidden, -1)
            x = x[:, :1]
        else:
            q, k, v = self.qkv(x).split(hidden, -1)
        q, k, v = (part.view(batch, -1, self.heads, hidden // self.heads).transpose(1, 2) for part in (q, k, v))
        # Written out: torch's fused CPU attention takes most of a step at 10 to 50 tokens.
        scores = q @ k.transpose(-1, -2) * (hidden // self.heads) ** -0.5 + bias.to(q.dtype)
        mixed = (scores.softmax(-1, dtype=q.dtype) @ v).transpose(1, 2).reshape(batch, -1, hidden)
        x = self.attention_norm(x + self.dropout(self.attention_out(mixed)))
        return self.output_norm(x + self.dropout(self.down(F.gelu(self.up(x)))))


class Classifier(nn.Module):
    """Encoder, pooling, linear head: ids [B, T] and mask [B, T] to logits [B, labels].

    `pooling` is "mean" (over the tokens) or "first" (the vector of [CLS]).
    """

    def __init__(self, shape: Shape, pooling: str, dropout: float = 0.1, labels: int = 2):
        super().__init__()
        self.shape = shape
        self.pooling = pooling
        self.words = nn.Embedding(shape.vocabulary, shape.hidden)
        self.positions = nn.Embedding(shape.positions, shape.hidden)  # token type 0 is added to these rows
        self.norm = nn.LayerNorm(shape.hidden, shape.eps)
        self.dropout = PooledDropout(dropout)
        self.layers = nn.ModuleList(Layer(shape, self.dropout) for _ in range(shape.layers))
        self.head = nn.Linear(shape.hidden, labels)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        if shape.relative_positions:
            self.distance_bias = nn.Embedding(32, shape.heads)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        tokens = ids.shape[1]
        first = 2 if self.shape.relative_positions else 0
        x = self.words(ids) + self.positions.weight[first : first + tokens]
        x = self.dropout(self.norm(x))
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * torch.finfo(torch.bfloat16).min
        if self.shape.relative_positions:
            bias = bias + self.distance_bias(_distance_buckets(tokens)).permute(2, 0, 1)[None]
        for layer in self.layers[:-1]:
            x = layer(x, bias)
        x = self.layers[-1](x, bias, first_only=self.pooling == "first")
        if self.pooling == "first":
            pooled = x[:, 0]
        else:
            weights = mask[:, :, None].to(x.dtype)
            pooled = (x * weights).sum(1) / weights.sum(1)
        return self.head(self.dropout(pooled)).float()


def _distance_buckets(tokens: int, buckets: int = 32, longest: int = 128) -> Tensor:
    """T5-style buckets of the distance between key and query, [T, T] int64: 16 each way, logarithmic beyond 8."""
    distance = torch.arange(tokens)[:, None] - torch.arange(tokens)[None, :]
    half = buckets // 2
    side = (distance < 0).long() * half
    distance = distance.abs()
    exact = half // 2
    far = exact + (torch.log(distance.clamp(min=1).float() / exact) / math.log(longest / exact) * (half - exact)).long()
    return side + torch.where(distance < exact, distance, far.clamp(max=half - 1))


def load_base(folder: Path, pooling: str, dropout: float = 0.1, labels: int = 2) -> Classifier:
    """Builds a classifier from a folder with config.json and model.safetensors in Hugging Face naming."""
    shape = Shape.read(folder)
    model = Classifier(shape, pooling, dropout, labels)
    state = load_file(Path(folder) / "model.safetensors")
    positions = state["embeddings.position_embeddings.weight"]
    if not shape.relative_positions:
        positions = positions + state["embeddings.token_type_embeddings.weight"][0]
    new = {
        "words.weight": state["embeddings.word_embeddings.weight"],
        "positions.weight": positions,
        "norm.weight": state["embeddings.LayerNorm.weight"],
        "norm.bias": state["embeddings.LayerNorm.bias"],
    }
    for i in range(shape.layers):
        old = f"encoder.layer.{i}."
        if shape.relative_positions:
            names = [f"{old}attention.attn.{part}" for part in "qkv"]
            out, attention_norm = f"{old}attention.attn.o", f"{old}attention.LayerNorm"
        else:
            names = [f"{old}attention.self.{part}" for part in ("query", "key", "value")]
            out, attention_norm = f"{old}attention.output.dense", f"{old}attention.output.LayerNorm"
        for kind in ("weight", "bias"):
            new[f"layers.{i}.qkv.{kind}"] = torch.cat([state[f"{name}.{kind}"] for name in names])
            new[f"layers.{i}.attention_out.{kind}"] = state[f"{out}.{kind}"]
            new[f"layers.{i}.attention_norm.{kind}"] = state[f"{attention_norm}.{kind}"]
            new[f"layers.{i}.up.{kind}"] = state[f"{old}intermediate.dense.{kind}"]
            new[f"layers.{i}.down.{kind}"] = state[f"{old}output.dense.{kind}"]
            new[f"layers.{i}.output_norm.{kind}"] = state[f"{old}output.LayerNorm.{kind}"]
    if shape.relative_positions:
        new["distance_bias.weight"] = state["encoder.relative_attention_bias.weight"]
    missing, unexpected = model.load_state_dict(new, strict=False)
    if unexpected or set(missing) != {"head.weight", "head.bias"}:
        raise ValueError(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    return model
