"""The weight files of a diffusers folder and their hash. Only safetensors are read: a pickle can run any code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ozora.errors import WeightsError

PICKLES = (".bin", ".ckpt", ".pkl", ".pt", ".pth")
STEMS = ("diffusion_pytorch_model", "model")
"""What diffusers and transformers call the weights of a part; others, such as "model.fp16", are not read."""

_HASHES: dict[tuple[str, int, int], str] = {}
"""By path, size in bytes and time of the last change in nanoseconds: a gigabyte takes about a second."""


def list_weights(folder: Path) -> list[Path]:
    """The files that a pipeline is loaded from, in order of their names. ``WeightsError`` when a part has none, or has
    them as pickles only."""
    found: list[Path] = []
    for part in _parts(folder):
        here = _weights_of(folder / part)
        pickles = sorted(path.name for path in (folder / part).glob("*") if path.suffix in PICKLES)
        if pickles and not here:
            raise WeightsError(
                f"{folder / part} has its weights only as {pickles[0]}, a pickle, which can run any code when it is "
                f"read: get them again as safetensors"
            )
        found += here
    missing = [path for path in found if not path.is_file()]
    if missing or not found:
        said = f"{missing[0].name} is missing" if missing else "there are no safetensors"
        raise WeightsError(f"{folder} does not hold the weights of a pipeline ({said}); get them again")
    return sorted(found)


def hash_weights(folder: Path) -> str:
    """One SHA-256 over the name and the hash of each file that is read, in order of their names."""
    total = hashlib.sha256()
    for path in list_weights(folder):
        total.update(f"{path.relative_to(folder).as_posix()} {_hash(path)}\n".encode())
    return total.hexdigest()


def _hash(path: Path) -> str:
    told = path.stat()
    state = (str(path.resolve()), told.st_size, told.st_mtime_ns)
    if state not in _HASHES:
        with path.open("rb") as file:
            _HASHES[state] = hashlib.file_digest(file, "sha256").hexdigest()
    return _HASHES[state]


def _parts(folder: Path) -> list[str]:
    """The folders of the parts that the pipeline has; those that it leaves out stand there as nulls."""
    data = _read(folder / "model_index.json")
    return [name for name, kind in data.items() if isinstance(kind, list) and kind and kind[0]]


def _weights_of(part: Path) -> list[Path]:
    """The files of one part: one, or those that its index lists."""
    files: set[Path] = set()
    for stem in STEMS:
        single, index = part / f"{stem}.safetensors", part / f"{stem}.safetensors.index.json"
        if single.is_file():
            files.add(single)
        if index.is_file():
            shards = _read(index).get("weight_map", {})
            files.update(part / str(name) for name in dict(shards).values())
    return sorted(files)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} is missing or damaged; get the weights again") from error
    if not isinstance(data, dict):
        raise WeightsError(f"{path} is damaged; get the weights again")
    return data
