from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from ozora.backends.weight_files import hash_weights, list_weights
from ozora.errors import WeightsError

INDEX = {
    "_class_name": "WanPipeline",
    "scheduler": ["diffusers", "X"],
    "vae": ["diffusers", "Y"],
    "other": [None, None],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline with a part that has no weights, one that has a file, and one that has two."""
    for part in ("scheduler", "vae", "text_encoder", "other"):
        (tmp_path / part).mkdir()
    index = {**INDEX, "text_encoder": ["transformers", "Z"]}
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    (tmp_path / "scheduler" / "config.json").write_text("{}")
    (tmp_path / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"vae")
    shards = {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}
    (tmp_path / "text_encoder" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    for name in shards.values():
        (tmp_path / "text_encoder" / name).write_bytes(name.encode())
    return tmp_path


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in list_weights(folder)]


READ = [
    "text_encoder/model-1.safetensors",
    "text_encoder/model-2.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
]


def test_only_what_is_read_is_listed(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"a variant")
    (folder / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"beside safetensors")
    (folder / "all-in-one.safetensors").write_bytes(b"for other programs")
    (folder / "other" / "diffusion_pytorch_model.safetensors").write_bytes(b"of a part that the pipeline leaves out")
    assert names(folder) == READ


@pytest.mark.parametrize("suffix", [".bin", ".pt", ".ckpt", ".pth", ".pkl"])
def test_a_part_that_is_a_pickle_is_refused(suffix: str, folder: Path) -> None:
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(suffix))
    with pytest.raises(WeightsError, match=f"diffusion_pytorch_model{suffix}, a pickle"):
        list_weights(folder)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "text_encoder" / "model-2.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"model-2\.safetensors is missing"):
        list_weights(folder)
    (folder / "model_index.json").write_text("{}")
    with pytest.raises(WeightsError, match="no safetensors"):
        list_weights(folder)
    for damaged in ("[]", "{"):
        (folder / "model_index.json").write_text(damaged)
        with pytest.raises(WeightsError, match="get the weights again"):
            list_weights(folder)


def test_the_hash_is_of_names_and_bytes(folder: Path) -> None:
    lines = [f"{name} {hashlib.sha256((folder / name).read_bytes()).hexdigest()}\n" for name in READ]
    assert hash_weights(folder) == hashlib.sha256("".join(lines).encode()).hexdigest()
    before = hash_weights(folder)
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"VAE, larger")
    assert hash_weights(folder) != before


def test_a_file_is_hashed_once_as_long_as_it_does_not_change(folder: Path) -> None:
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    before, told = hash_weights(folder), path.stat()
    path.write_bytes(b"VAE")
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert hash_weights(folder) == before
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns + 1))
    assert hash_weights(folder) != before
