"""The processor on which the figures were measured."""

import re
from pathlib import Path

FEATURES = ["avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8"]


def this_cpu() -> dict:
    """Model name and the vector features that decide which kernels run."""
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", text)
    flags = set((re.search(r"flags\s*:\s*(.+)", text) or re.match("()", ""))[1].split())
    return {"cpu": model[1].strip() if model else "unknown", "features": [f for f in FEATURES if f in flags]}
