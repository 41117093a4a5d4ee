"""Runs an ONNX classifier as the service does: one thread, options from the manifest, batches by length."""

import time
from collections.abc import Mapping, Sequence

import numpy as np
import onnxruntime

BUDGETS = [128, 192, 256, 384, 512, 768, 1024]


def open_session(model: bytes | str, disabled_optimizers: Sequence[str]) -> onnxruntime.InferenceSession:
    """A one-thread CPU session."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=list(disabled_optimizers)
    )


def inputs(ids: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """Rows of token ids, padded on the right with 0 to the longest: two int64 arrays [rows, longest]."""
    longest = max(len(row) for row in ids)
    padded = np.zeros((len(ids), longest), dtype=np.int64)
    mask = np.zeros_like(padded)
    for i, row in enumerate(ids):
        padded[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return {"input_ids": padded, "attention_mask": mask}


def logits(session: onnxruntime.InferenceSession, ids: Sequence[Sequence[int]]) -> np.ndarray:
    """Logits [rows, labels] of one batch."""
    return session.run(["logits"], inputs(ids))[0]


def batches_within(lengths: Sequence[int], max_padded_tokens: int) -> list[list[int]]:
    """Row numbers, shortest first, in batches of at most `max_padded_tokens` (a longer text goes alone)."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and (len(batches[-1]) + 1) * lengths[i] <= max_padded_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def throughput(
    sessions: Mapping[str, onnxruntime.InferenceSession], ids: Sequence[Sequence[int]], rounds: int = 3
) -> dict[str, dict[str, float]]:
    """Texts per second of each session, alone and per budget, best of `rounds` interleaved rounds."""
    lengths = [len(row) for row in ids]
    plans = {"alone": [[i] for i in range(len(ids))]} | {str(b): batches_within(lengths, b) for b in BUDGETS}
    feeds = {name: [inputs([ids[i] for i in rows]) for rows in plan] for name, plan in plans.items()}
    best = {form: dict.fromkeys(plans, 0.0) for form in sessions}
    for _ in range(rounds):
        for name in plans:
            for form, session in sessions.items():
                started = time.perf_counter()
                for feed in feeds[name]:
                    session.run(["logits"], feed)
                best[form][name] = max(best[form][name], round(len(ids) / (time.perf_counter() - started), 1))
    return best
