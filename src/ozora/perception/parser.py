"""The scene parser: an inverse renderer. From a picture to what is where, and to where and when the scene is.

A small fully convolutional U-Net (Ronneberger et al. 2015, arXiv:1505.04597) reads pictures of 128 x 224 pixels, or of
as many in another shape, and says for each pixel of half that size which noun and which color of a ``Vocabulary`` it
shows. It is trained (``ozora train parser``) on the stage alone, never on what a denoiser made, so it can judge one.

Letters: ``f`` frames, ``b`` batch, ``h w`` rows and columns, ``c`` channels, ``n`` nouns and background.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.errors import WeightsError
from ozora.language.vocabulary import Vocabulary
from ozora.model.precision import mixed
from ozora.model.weights import SHIPPED, dequantize, quantize

HEIGHT, WIDTH = 128, 224
"""The picture that is read, where it is 16:9; sides are multiples of ``STEP``."""
STEP = 16
FINE = 2
"""Pixels of the picture to one of the maps, a side."""
WIDTHS = (24, 48, 112, 176)
BATCH = 24
"""Frames that are read at once."""
PARSER = SHIPPED / "parser.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """What each pixel of ``f`` frames shows: ``noun`` [f, h, w] (0: none, else 1 + place in ``Vocabulary.nouns``),
    ``votes`` [f, h, w, n] how probable each of them is, ``color`` [f, h, w] place in ``Vocabulary.colors``;
    ``place`` [f, places], ``time`` [f, times] and ``weather`` [f, weathers] probabilities; ``rgb`` [f, h, w, 3] the
    pixels that were read."""

    noun: NDArray[np.uint8]
    votes: NDArray[np.float16]
    color: NDArray[np.uint8]
    place: NDArray[np.float32]
    time: NDArray[np.float32]
    weather: NDArray[np.float32]
    rgb: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logits:
    """The network's answer, before any choice."""

    noun: Float[Tensor, "b n h w"]
    color: Float[Tensor, "b c h w"]
    place: Float[Tensor, "b places"]
    time: Float[Tensor, "b times"]
    weather: Float[Tensor, "b weathers"]


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        y = F.relu(self.first_norm(self.first(x)))
        return F.relu(x + self.second_norm(self.second(y)))


class ParserNet(nn.Module):
    """The U-Net; sides of its input are multiples of ``STEP`` pixels."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.counts = (len(vocabulary.nouns) + 1, len(vocabulary.colors))
        self.settings = (len(vocabulary.places), len(vocabulary.times), len(vocabulary.weathers))
        self.unfold = nn.PixelUnshuffle(FINE)
        self.stem = nn.Conv2d(3 * FINE**2, WIDTHS[0], 3, padding=1)
        pairs = list(pairwise(WIDTHS))
        self.down = nn.ModuleList(Block(width) for width in WIDTHS)
        self.shrink = nn.ModuleList(nn.Conv2d(width, wider, 2, stride=2) for width, wider in pairs)
        self.up = nn.ModuleList(Block(width) for width in WIDTHS[:-1])
        self.grow = nn.ModuleList(nn.Conv2d(wider, width, 1) for width, wider in pairs)
        self.to_pixels = nn.ModuleList(nn.Conv2d(width, sum(self.counts), 1) for width in WIDTHS)
        self.to_setting = nn.Linear(sum(WIDTHS), sum(self.settings))

    def forward(self, picture: Float[Tensor, "b 3 i j"]) -> Logits:
        """Logits of pictures in [-1, 1]."""
        x = self.stem(self.unfold(picture))
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x)
            skips.append(x)
            if level < len(self.shrink):
                x = self.shrink[level](x)
        whole = torch.cat([skip.mean((2, 3)) for skip in skips], 1)  # rain is fine, a place is coarse
        said = self.to_pixels[-1](x)  # every level says what it sees: deep ones what it is, fine ones where
        for level in reversed(range(len(self.up))):
            x = F.interpolate(self.grow[level](x), scale_factor=2.0) + skips[level]
            x = self.up[level](x)
            said = F.interpolate(said, scale_factor=2.0, mode="bilinear") + self.to_pixels[level](x)
        noun, color = torch.split(said, list(self.counts), dim=1)
        place, time, weather = torch.split(self.to_setting(whole), list(self.settings), dim=1)
        return Logits(noun=noun, color=color, place=place, time=time, weather=weather)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """A trained network, the vocabulary that it reads, and its card (how it was trained, how good it is)."""

    net: ParserNet
    vocabulary: Vocabulary
    card: dict[str, Any]

    def read(self, frames: NDArray[np.uint8]) -> Iterator[Maps]:
        """Maps of frames [f, h, w, 3] of any size, ``BATCH`` frames at a time; about 7 ms a frame on two cores."""
        for start in range(0, len(frames), BATCH):
            yield self._read(frames[start : start + BATCH])

    @torch.inference_mode()
    def _read(self, frames: NDArray[np.uint8]) -> Maps:
        picture = shrink(torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float())
        with mixed(picture.device):
            logits = self.net(picture / 127.5 - 1)
        seen = F.avg_pool2d(picture, FINE).round().clamp(0, 255).to(torch.uint8)
        return Maps(
            noun=logits.noun.argmax(1).to(torch.uint8).numpy(),
            votes=logits.noun.permute(0, 2, 3, 1).contiguous().softmax(-1).half().numpy(),
            color=logits.color.argmax(1).to(torch.uint8).numpy(),
            place=logits.place.float().softmax(1).numpy(),
            time=logits.time.float().softmax(1).numpy(),
            weather=logits.weather.float().softmax(1).numpy(),
            rgb=seen.permute(0, 2, 3, 1).contiguous().numpy(),
        )


def read_size(height: int, width: int) -> tuple[int, int]:
    """The size at which a picture is read: as many pixels as ``HEIGHT`` x ``WIDTH`` in its own shape."""
    side = (HEIGHT * WIDTH / (height * width)) ** 0.5
    rows, columns = (max(round(length * side / STEP), 1) * STEP for length in (height, width))
    return rows, columns


def shrink(picture: Float[Tensor, "b c i j"]) -> Float[Tensor, "b c h w"]:
    """The picture at the parser's size; each new pixel is the mean of what it covers."""
    size = read_size(*picture.shape[-2:])
    if picture.shape[-2:] == size:
        return picture
    return F.interpolate(picture, size, mode="bilinear", antialias=True)


def save_parser(parser: Parser, path: Path) -> None:
    """Write the weights in 8 bits, with vocabulary and card as JSON in the header."""
    about = {"vocabulary": parser.vocabulary.to_dict(), **parser.card}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(quantize(parser.net.state_dict()), path, {"parser": json.dumps(about)})


def load_parser(path: Path = PARSER) -> Parser:
    """The parser of a weights file; ``WeightsError`` where it is missing or damaged."""
    if not path.exists():
        raise WeightsError(f"the scene parser {path.name} is missing; install ozora again, or: ozora train parser")
    try:
        with safe_open(path, "pt") as file:
            card = json.loads(file.metadata()["parser"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        vocabulary = Vocabulary.from_dict(card.pop("vocabulary"))
        net = ParserNet(vocabulary)
        net.load_state_dict(dequantize(tensors))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path.name} holds no scene parser ({error}); train one: ozora train parser") from error
    return Parser(net=net.eval(), vocabulary=vocabulary, card=card)
