"""The nodes: Generate, Extend, Remix, Edit. Each gives the frames, the id of the video on the server, and its rate."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import torch

from .api import DEFAULT_URL, File, OzoraError, Server, Watch
from .frames import read_frames, write_frames, write_picture

Inputs = dict[str, dict[str, tuple[Any, ...]]]
Result = tuple[torch.Tensor, str, float]

CATEGORY = "Ozora"
RETURN_TYPES = ("IMAGE", "STRING", "FLOAT")
RETURN_NAMES = ("frames", "video_id", "fps")

PROMPT = ("STRING", {"default": "a red ball rolls left past a blue cube at sunset", "multiline": True})
SECONDS = ("FLOAT", {"default": 4.0, "min": 0.5, "max": 120.0, "step": 0.5, "tooltip": "How long"})
SEED = ("INT", {"default": 0, "min": 0, "max": 2**63 - 1, "control_after_generate": True})
MODEL = ("STRING", {"default": "maquette", "tooltip": "A name that `ozora models` lists"})
SIZE = ("STRING", {"default": "", "tooltip": "Pixels such as 1280x720; empty for the model's own"})
STRENGTH = ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.05, "tooltip": "How much may change"})
VIDEO_ID = ("STRING", {"default": "", "forceInput": True, "tooltip": "A video of the server"})
FPS = ("FLOAT", {"default": 12.0, "min": 1.0, "max": 120.0, "step": 0.001, "tooltip": "The rate of `frames`"})
FRAMES = ("IMAGE", {"tooltip": "Frames to begin with, instead of a video of the server"})


def _server() -> tuple[Any, ...]:
    where = os.environ.get("OZORA_API_URL", DEFAULT_URL)
    return ("STRING", {"default": where, "tooltip": "Where `ozora serve` runs; its key is in OZORA_API_KEY"})


class OzoraGenerate:
    """A video from a sentence, and from a first frame if one is connected."""

    CATEGORY, FUNCTION = CATEGORY, "run"
    RETURN_TYPES, RETURN_NAMES = RETURN_TYPES, RETURN_NAMES
    DESCRIPTION = "Make a video from a sentence, and from a first frame if one is connected."

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        needed = {"prompt": PROMPT, "seconds": SECONDS, "size": SIZE, "seed": SEED, "model": MODEL, "server": _server()}
        return {"required": needed, "optional": {"image": ("IMAGE", {"tooltip": "The first frame"})}}

    def run(
        self,
        prompt: str,
        seconds: float,
        size: str,
        seed: int,
        model: str,
        server: str,
        image: torch.Tensor | None = None,
    ) -> Result:
        """Frames, id and rate of the new video."""
        fields = {"prompt": prompt, "seconds": f"{seconds:g}", "size": size.strip(), "seed": seed, "model": model}
        first = None if image is None else File(name="first.png", data=write_picture(image))
        return _make(server, "videos", {**fields, "input_reference": first})


class OzoraExtend:
    """More of a video, behind its end."""

    CATEGORY, FUNCTION = CATEGORY, "run"
    RETURN_TYPES, RETURN_NAMES = RETURN_TYPES, RETURN_NAMES
    DESCRIPTION = "Let a video go on. The frames are the whole: what there was, and what is new."

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        needed = {"prompt": PROMPT, "seconds": SECONDS, "seed": SEED, "model": MODEL, "server": _server()}
        return {"required": needed, "optional": {"video_id": VIDEO_ID, "frames": FRAMES, "fps": FPS}}

    def run(
        self,
        prompt: str,
        seconds: float,
        seed: int,
        model: str,
        server: str,
        video_id: str = "",
        frames: torch.Tensor | None = None,
        fps: float = 12.0,
    ) -> Result:
        """Frames, id and rate of the longer video."""
        fields = {"prompt": prompt, "seconds": f"{seconds:g}", "seed": seed, "model": model}
        return _make(server, "videos/extensions", {**fields, **_clip(video_id, frames, fps)})


class OzoraRemix:
    """A video of the server told anew."""

    CATEGORY, FUNCTION = CATEGORY, "run"
    RETURN_TYPES, RETURN_NAMES = RETURN_TYPES, RETURN_NAMES
    DESCRIPTION = "Tell a video of the server anew with another prompt."

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        needed = {"video_id": VIDEO_ID, "prompt": PROMPT, "strength": STRENGTH, "seed": SEED, "model": MODEL}
        return {"required": {**needed, "server": _server()}}

    def run(self, video_id: str, prompt: str, strength: float, seed: int, model: str, server: str) -> Result:
        """Frames, id and rate of the new video."""
        if not video_id.isidentifier():
            raise OzoraError("Ozora Remix needs the video_id of an Ozora node; for frames use Ozora Edit")
        fields = {"prompt": prompt, "strength": strength, "seed": seed, "model": model}
        return _make(server, f"videos/{video_id}/remix", fields)


class OzoraEdit:
    """A video, or frames of any node, told anew."""

    CATEGORY, FUNCTION = CATEGORY, "run"
    RETURN_TYPES, RETURN_NAMES = RETURN_TYPES, RETURN_NAMES
    DESCRIPTION = "Tell a video, or the frames of any node, anew with another prompt."

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        needed = {"prompt": PROMPT, "strength": STRENGTH, "seed": SEED, "model": MODEL, "server": _server()}
        return {"required": needed, "optional": {"video_id": VIDEO_ID, "frames": FRAMES, "fps": FPS}}

    def run(
        self,
        prompt: str,
        strength: float,
        seed: int,
        model: str,
        server: str,
        video_id: str = "",
        frames: torch.Tensor | None = None,
        fps: float = 12.0,
    ) -> Result:
        """Frames, id and rate of the new video."""
        fields = {"prompt": prompt, "strength": strength, "seed": seed, "model": model}
        return _make(server, "videos/edits", {**fields, **_clip(video_id, frames, fps)})


NODE_CLASS_MAPPINGS: dict[str, type] = {
    "OzoraGenerate": OzoraGenerate,
    "OzoraExtend": OzoraExtend,
    "OzoraRemix": OzoraRemix,
    "OzoraEdit": OzoraEdit,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "OzoraGenerate": "Ozora Generate",
    "OzoraExtend": "Ozora Extend",
    "OzoraRemix": "Ozora Remix",
    "OzoraEdit": "Ozora Edit",
}


def _make(url: str, path: str, fields: Mapping[str, object]) -> Result:
    server = Server(url=url)
    video = server.make(path, fields, _watch())
    return read_frames(server.read(video["id"])), str(video["id"]), float(Fraction(video["fps"]))


def _clip(video_id: str, frames: torch.Tensor | None, fps: float) -> dict[str, object]:
    """The field or file that says which clip is meant: exactly one of both."""
    if bool(video_id) == (frames is not None):
        raise OzoraError("connect either video_id or frames, to say which clip is meant")
    if frames is None:
        return {"video[id]": video_id}
    return {"video": File(name="clip.mp4", data=write_frames(frames, fps))}


def _watch() -> Watch:
    """ComfyUI's progress bar and its stop button; nothing outside of ComfyUI."""
    try:
        from comfy.model_management import (  # type: ignore[import-not-found]
            throw_exception_if_processing_interrupted,
        )
        from comfy.utils import ProgressBar  # type: ignore[import-not-found]
    except ImportError:
        return lambda percent: None
    bar = ProgressBar(100)

    def watch(percent: int) -> None:
        throw_exception_if_processing_interrupted()
        bar.update_absolute(percent)

    return watch
