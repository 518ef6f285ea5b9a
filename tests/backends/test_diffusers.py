from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ozora.backends.base import Stroke
from ozora.backends.diffusers import DiffusersBackend, _watch
from ozora.backends.weight_files import hash_weights
from ozora.edit.given import Given
from ozora.errors import CapabilityError, PaintingError, SizeError, SnapshotError, WeightsError
from ozora.plan import Plan, Prompt, Sampler
from ozora.shapes import VideoShape
from tests.backends import tiny_wan

pytest.importorskip("diffusers", reason="the extra `models` is not installed")


def plan(text: str = "a red ball", seed: int = 1, frames: int = 4) -> Plan:
    shape = VideoShape(frames=frames, height=32, width=48, fps=Fraction(8))
    return Plan(
        prompts=(Prompt(text=text),), shape=shape, model="tiny", seed=seed, sampler=Sampler(steps=2, guidance=2.0)
    )


def test_native_is_what_the_model_can_do() -> None:
    backend = DiffusersBackend("tiny", tiny_wan.MODEL)
    shape = plan().shape
    assert backend.native(shape) == replace(shape, frames=5)
    assert backend.native(replace(shape, width=96)).width == 48, "another shape has the model's area"
    assert backend.native(replace(shape, frames=1)).frames == 1
    with pytest.raises(SizeError, match="up to 1 seconds"):
        backend.native(replace(shape, frames=20))


def test_weights_that_are_not_here_come_with_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OZORA_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    backend = DiffusersBackend("tiny", tiny_wan.MODEL)
    assert not backend.capabilities.installed
    with pytest.raises(WeightsError, match=f"hf download nobody/tiny-wan --local-dir {tmp_path}/tiny"):
        backend.load()
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "model_index.json").write_text("{}")
    assert backend.capabilities.installed
    with pytest.raises(WeightsError, match="get them again"):
        backend.load()
    with pytest.raises(WeightsError, match="get them again"):
        next(backend.paint(plan(), backend.native(plan().shape), (), preview=False))


def test_what_it_cannot_do_is_said_first() -> None:
    backend = DiffusersBackend("tiny", tiny_wan.MODEL)
    image = np.zeros((1, 32, 48, 3), np.uint8)
    with pytest.raises(CapabilityError, match="first frame only"):
        next(backend.paint(plan(), plan().shape, (Given(frame=3, pictures=image),), preview=False))
    with pytest.raises(SnapshotError, match="snapshot"):
        next(backend.paint(plan(), plan().shape, (), preview=False, resume=b"x"))


class FakePipe:
    """Calls back once, and gives frames; one number of the ``latents`` or ``frames`` is none."""

    def __init__(self, wrong: str) -> None:
        self._latents, self._frames = torch.zeros(1, 4), np.zeros((1, 2, 4, 6, 3), np.float32)
        (self._latents if wrong == "latents" else self._frames)[0, 1] = float("nan")

    def __call__(self, *, callback_on_step_end: Any) -> SimpleNamespace:
        callback_on_step_end(self, 0, None, {"latents": self._latents})
        return SimpleNamespace(frames=self._frames)


@pytest.mark.parametrize(("wrong", "strokes"), [("latents", 0), ("frames", 1)])
def test_painting_stops_at_the_first_number_that_is_none(wrong: str, strokes: int) -> None:
    told = []
    with pytest.raises(PaintingError, match="not finite"):
        for item in _watch(FakePipe(wrong), {}, 1):
            told.append(item)
    assert len(told) == strokes


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_real_pipeline_paints_a_plan(tmp_path: Path) -> None:
    backend = DiffusersBackend("tiny", tiny_wan.MODEL, folder=tiny_wan.make(tmp_path / "wan"))
    backend.load()

    def paint(wish: Plan) -> tuple[list[Stroke], np.ndarray]:
        *strokes, frames = backend.paint(wish, backend.native(wish.shape), (), preview=False)
        assert isinstance(frames, np.ndarray)
        return [stroke for stroke in strokes if isinstance(stroke, Stroke)], frames

    strokes, frames = paint(plan())
    assert [(stroke.stage, stroke.done, stroke.total) for stroke in strokes] == [
        ("paint", 1, 2),
        ("paint", 2, 2),
        ("decode", 1, 1),
    ]
    assert frames.shape == (5, 32, 48, 3)
    assert frames.dtype == np.uint8
    assert backend.weights_sha256 == hash_weights(tmp_path / "wan")
    assert np.array_equal(frames, paint(plan())[1])
    assert not np.array_equal(frames, paint(plan(seed=2))[1])

    half = backend.paint(plan(), backend.native(plan().shape), (), preview=False)
    next(half)
    half.close()  # type: ignore[attr-defined] # a generator
    assert np.array_equal(frames, paint(plan())[1]), "a dropped take leaves the model as it was"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_weights_in_a_pickle_are_never_read(tmp_path: Path) -> None:
    """A pickle runs what it likes when it is read: this one makes a file."""
    folder = tiny_wan.make(tmp_path / "wan")
    part = folder / "vae"
    (part / "diffusion_pytorch_model.safetensors").unlink()
    (part / "diffusion_pytorch_model.bin").write_bytes(b"cos\nmkdir\n(V" + str(tmp_path / "ran").encode() + b"\ntR.")
    backend = DiffusersBackend("tiny", tiny_wan.MODEL, folder=folder)
    with pytest.raises(WeightsError, match="pickle"):
        backend.load()
    with pytest.raises(WeightsError, match="pickle"):
        next(backend.paint(plan(), backend.native(plan().shape), (), preview=False))
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_record_has_the_hash_of_what_was_loaded(tmp_path: Path) -> None:
    folder = tiny_wan.make(tmp_path / "wan")

    def loaded() -> str:
        backend = DiffusersBackend("tiny", tiny_wan.MODEL, folder=folder)
        next(backend.paint(plan(), backend.native(plan().shape), (), preview=False))
        return backend.weights_sha256

    first = loaded()
    path = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    save_file({name: value + 1 for name, value in tensors.items()}, path, {"format": "pt"})
    assert loaded() != first
    save_file(tensors, path, {"format": "pt"})
    (folder / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"beside safetensors a pickle is not looked at")
    assert loaded() == first
