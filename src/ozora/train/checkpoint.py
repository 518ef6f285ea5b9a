"""Checkpoints: tensors in safetensors, everything else in JSON, never pickle; written whole or not at all.

A checkpoint is one file, ``step-00001200.safetensors``: the tensors, and the JSON in its header. Nothing random is
stored: every batch is a function of (seed, step), so the step is all that a bit-exact resume needs.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ozora.errors import CheckpointError

KEEP = 2


def save(folder: Path, step: int, tensors: dict[str, Tensor], facts: dict[str, Any]) -> Path:
    """Write the checkpoint of ``step`` and remove all but the newest two. Survives being killed at any point."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step:08d}.safetensors"
    part = path.with_suffix(".part")
    metadata = {"facts": json.dumps({"step": step, **facts})}
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, part, metadata)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    for old in sorted(folder.glob("step-*.safetensors"))[:-KEEP]:
        old.unlink()
    return path


def newest(folder: Path) -> Path | None:
    """The last whole checkpoint in a folder, if there is one."""
    return max(folder.glob("step-*.safetensors"), default=None)


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and facts of a checkpoint; ``CheckpointError`` when it is damaged."""
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads(file.metadata()["facts"])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a whole checkpoint ({error}); delete it to go on from the last"
        ) from error
