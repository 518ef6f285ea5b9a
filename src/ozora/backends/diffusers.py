"""Open-weight models through diffusers: one adapter for all that are listed in ``open_models.py``.

Weights come from a folder, ``$OZORA_MODELS/NAME`` (or ``NAME-image`` for a pipeline that begins with a picture), or
from the cache of huggingface_hub. Nothing is downloaded by surprise: the error says which command fetches them.
They are safetensors, never pickles, and a record has the hash of those that were loaded.
PyTorch and diffusers are imported when a model is loaded, not before.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ozora.backends.base import Capabilities, Frames, Stroke
from ozora.backends.finite import check_finite
from ozora.backends.open_models import OpenModel
from ozora.backends.weight_files import hash_weights, list_weights
from ozora.edit.given import Given, Reference
from ozora.errors import CapabilityError, SizeError, SnapshotError, WeightsError
from ozora.plan import Plan
from ozora.shapes import VideoShape

GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd")
"""Where Linux shows the drivers of NVIDIA and AMD; looked at so that notes need no PyTorch."""


class _Stopped(Exception):
    """The caller dropped the generator."""


class DiffusersBackend:
    """A pipeline of diffusers behind the one pipeline of Ozora."""

    def __init__(self, name: str, model: OpenModel, *, folder: Path | None = None) -> None:
        self.name, self.model = name, model
        self._folder = folder
        self._pipe: Any = None
        self._kind = self._sha256 = ""

    @property
    def capabilities(self) -> Capabilities:
        model = self.model
        return Capabilities(
            name=self.name,
            title=model.title,
            summary=model.summary,
            sizes=model.sizes,
            max_seconds=model.max_seconds,
            default_seconds=min(model.max_seconds, Fraction(4)),
            fps=(str(model.fps),),
            steps=model.steps,
            draft_steps=max(1, model.steps // 2),
            best_steps=model.steps,
            guidance=model.guidance,
            conditions=(*(("image",) if model.image_pipeline else ()), "negative"),
            device=f"GPU, {model.memory_gb} GB",
            installed=find_spec("diffusers") is not None and self._find("") is not None,
            license=model.license,
        )

    def _find(self, kind: str) -> Path | None:
        """The folder of the weights, for text (``kind`` "") or for a first picture ("image"); ``None`` if not here."""
        if self._folder is not None:
            return self._folder
        own = Path(os.environ.get("OZORA_MODELS", "models")) / (f"{self.name}-{kind}" if kind else self.name)
        if (own / "model_index.json").is_file():
            return own
        repo = self.model.image_repo if kind else self.model.repo
        home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
        hub = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
        snapshots = (hub / f"models--{repo.replace('/', '--')}" / "snapshots").glob("*/model_index.json")
        return next((index.parent for index in sorted(snapshots)), None)

    def _folder_of(self, kind: str) -> Path:
        folder = self._find(kind)
        if folder is None:
            repo = self.model.image_repo if kind else self.model.repo
            place = Path(os.environ.get("OZORA_MODELS", "models")) / (f"{self.name}-{kind}" if kind else self.name)
            command = f"hf download {repo} --local-dir {place}"
            raise WeightsError(f"the weights of {self.name} are not here; get them with: {command}")
        return folder

    @property
    def weights_sha256(self) -> str:
        return self._sha256

    @property
    def machine(self) -> dict[str, str]:
        return {} if self._pipe is None else {"device": str(self._pipe.device)}

    def native(self, shape: VideoShape) -> VideoShape:
        """The nearest size of the model's picture area and side multiples, and as many frames as the duration needs."""
        model = self.model
        wanted = max(1, round(shape.duration_s * model.fps)) if shape.frames > 1 else 1
        frames = 1 + -(-(wanted - 1) // model.frame_step) * model.frame_step
        if frames > model.max_frames:
            limit = float(model.max_seconds)
            raise SizeError(
                f"{self.name} paints up to {limit:g} seconds, not {float(shape.duration_s):g}; ask for less"
            )
        sizes = [tuple(int(side) for side in size.split("x")) for size in model.sizes]
        if (shape.width, shape.height) in sizes:
            width, height = shape.width, shape.height
        else:
            area = sizes[0][0] * sizes[0][1]
            tall = (area * shape.height / shape.width) ** 0.5
            height, width = (max(1, round(side / model.multiple)) * model.multiple for side in (tall, area / tall))
        return VideoShape(frames=frames, height=height, width=width, fps=Fraction(model.fps))

    def notes(self, plan: Plan) -> tuple[str, ...]:
        if any(Path(device).exists() for device in GPU_DEVICES):
            return ()
        return (f"{self.name} wants a GPU with {self.model.memory_gb} GB; without one a clip takes hours",)

    def load(self) -> None:
        """Check that everything is there; the weights themselves are read when it is known which of them are needed."""
        if find_spec("diffusers") is None:
            raise WeightsError(f"{self.name} needs diffusers; install it with: pip install 'ozora[models]'")
        list_weights(self._folder_of(""))

    def _open(self, kind: str) -> Any:  # noqa: ANN401 - a DiffusionPipeline
        """The pipeline for text or for a first picture, on the device; kept until the other one is asked for."""
        if self._pipe is not None and self._kind == kind:
            return self._pipe
        import diffusers
        import torch

        folder = self._folder_of(kind)
        gpu, sha256 = _accelerator(), hash_weights(folder)
        try:
            maker = getattr(diffusers, self.model.image_pipeline if kind else self.model.pipeline)
            dtype = torch.bfloat16 if gpu else torch.float32
            pipe = maker.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)
        except (OSError, ValueError, AttributeError, ImportError, KeyError, TypeError) as error:
            said = f"{folder} does not hold the weights of {self.name} ({error}); get them again"
            raise WeightsError(said) from error
        if hash_weights(folder) != sha256:
            raise WeightsError(f"the weights in {folder} changed while they were read; try again")
        if gpu:
            pipe.enable_model_cpu_offload()
        pipe.set_progress_bar_config(disable=True)
        if hasattr(pipe.vae, "enable_tiling"):
            pipe.vae.enable_tiling()
        self._pipe, self._kind, self._sha256 = pipe, kind, sha256
        return pipe

    def paint(
        self,
        plan: Plan,
        shape: VideoShape,
        given: tuple[Given, ...],
        *,
        init_video: Frames | None = None,
        references: tuple[Reference, ...] = (),
        preview: bool,
        resume: bytes | None = None,
    ) -> Iterator[Stroke | Frames]:
        if any(item.frame or len(item.pictures) != 1 or item.known is not None for item in given):
            raise CapabilityError(f"{self.name} takes an image for the first frame only")
        if init_video is not None:
            raise CapabilityError(f"{self.name} cannot paint over a clip yet; use --model maquette")
        if resume is not None:
            raise SnapshotError(f"{self.name} cannot go on from a snapshot; start the job again")
        pipe = self._open("image" if given else "")
        try:
            yield from _watch(pipe, _wishes(plan, shape, given), plan.sampler.steps)
        except MemoryError as error:
            raise SizeError(f"{self.name} ran out of memory; ask for fewer seconds or a smaller size") from error


def _wishes(plan: Plan, shape: VideoShape, given: tuple[Given, ...]) -> dict[str, Any]:
    """The arguments of the call, in diffusers' words."""
    import torch
    from PIL import Image

    wishes: dict[str, Any] = {
        "prompt": plan.prompts[0].text,
        "height": shape.height,
        "width": shape.width,
        "num_frames": shape.frames,
        "num_inference_steps": plan.sampler.steps,
        "guidance_scale": plan.sampler.guidance,
        "generator": torch.Generator().manual_seed(plan.seed),
        "output_type": "np",
        **({"negative_prompt": plan.negative} if plan.negative else {}),
    }
    if given:
        wishes["image"] = Image.fromarray(given[0].pictures[0])
    return wishes


def _watch(pipe: Any, wishes: dict[str, Any], steps: int) -> Iterator[Stroke | Frames]:  # noqa: ANN401
    """Run a pipeline in a thread and tell of its steps; dropping the generator stops it after the present one."""
    said: queue.Queue[Stroke | Frames | BaseException] = queue.Queue()
    stop = threading.Event()

    def after(_pipe: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        if stop.is_set():
            raise _Stopped
        check_finite(tensors["latents"], "the model")
        said.put(Stroke(stage="paint", done=step + 1, total=steps))
        return tensors

    def work() -> None:
        try:
            video = np.asarray(pipe(**wishes, callback_on_step_end=after).frames[0])
            check_finite(video, "the model")
            said.put((np.clip(video, 0, 1) * 255).round().astype(np.uint8))
        except _Stopped:
            pass
        except BaseException as error:  # handed to the caller's thread
            full = type(error).__name__ == "OutOfMemoryError"
            said.put(MemoryError(str(error)) if full else error)

    thread = threading.Thread(target=work, name="diffusers", daemon=True)
    thread.start()
    try:
        while True:
            item = said.get()
            if isinstance(item, BaseException):
                raise item
            if not isinstance(item, Stroke):
                yield Stroke(stage="decode", done=1, total=1)
                yield item
                return
            yield item
    finally:
        stop.set()
        thread.join()


def _accelerator() -> bool:
    import torch

    return bool(torch.cuda.is_available())
