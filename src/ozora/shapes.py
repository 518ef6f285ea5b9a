"""Sizes of video in pixels and in latent tokens, and the only place where one becomes the other.

Letters: ``f`` frames, ``h w`` rows and columns, ``c`` channels; ``g`` latent frames (groups of frames).
Outside the model a picture is ``uint8 RGB f h w c``; inside it is ``float b c f h w`` in [-1, 1].
The first latent frame holds exactly one image, each later one ``Compression.time`` frames (causal).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoShape:
    """A video's extent: ``frames`` pictures of ``height`` x ``width`` pixels at ``fps`` frames a second."""

    frames: int
    height: int
    width: int
    fps: Fraction

    @property
    def duration_s(self) -> Fraction:
        """Seconds from the first frame's start to the last frame's end."""
        return Fraction(self.frames) / self.fps

    def to_dict(self) -> dict[str, object]:
        return {"frames": self.frames, "height": self.height, "width": self.width, "fps": str(self.fps)}

    @staticmethod
    def from_dict(data: dict[str, object]) -> VideoShape:
        return VideoShape(
            frames=int(str(data["frames"])),
            height=int(str(data["height"])),
            width=int(str(data["width"])),
            fps=Fraction(str(data["fps"])),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentShape:
    """The same extent in latent space: ``frames`` latent frames of ``height`` x ``width`` tokens."""

    frames: int
    height: int
    width: int
    channels: int

    @property
    def tokens(self) -> int:
        return self.frames * self.height * self.width


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """How much an autoencoder folds: ``space`` pixels a side and ``time`` frames into one token of ``channels``."""

    time: int
    space: int
    channels: int

    def latent(self, video: VideoShape) -> LatentShape:
        """Latent extent of ``video``; ``ValueError`` when it does not divide."""
        if (video.frames - 1) % self.time or video.height % self.space or video.width % self.space:
            raise ValueError(f"{video} does not divide by {self}")
        return LatentShape(
            frames=1 + (video.frames - 1) // self.time,
            height=video.height // self.space,
            width=video.width // self.space,
            channels=self.channels,
        )

    def round_frames(self, frames: int) -> int:
        """Smallest encodable number of frames that is at least ``frames``."""
        return 1 + -(-(max(frames, 1) - 1) // self.time) * self.time

    def round_side(self, pixels: int) -> int:
        """Smallest encodable side length that is at least ``pixels``."""
        return max(1, -(-pixels // self.space)) * self.space
