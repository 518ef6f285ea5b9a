"""Pictures of ComfyUI (float [b, h, w, c] in [0, 1]) from and to files."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image


def read_frames(data: bytes) -> torch.Tensor:
    """Every frame of an MP4."""
    with av.open(io.BytesIO(data), "r") as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return torch.from_numpy(np.stack(frames)).float() / 255


def write_frames(frames: torch.Tensor, fps: float) -> bytes:
    """An MP4 (H.264) of the frames; an odd last row or column is cut off."""
    pixels = _pixels(frames)[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2]
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = pixels.shape[2], pixels.shape[1], "yuv420p"
        for picture in pixels:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def write_picture(frames: torch.Tensor) -> bytes:
    """A PNG of the first frame."""
    out = io.BytesIO()
    Image.fromarray(_pixels(frames[:1])[0]).save(out, format="PNG")
    return out.getvalue()


def _pixels(frames: torch.Tensor) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = (frames[..., :3].clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    return pixels
