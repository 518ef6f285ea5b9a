"""The scene parser: an inverse renderer. From a picture to what is where, and to where and when the scene is.

A small fully convolutional U-Net (Ronneberger et al. 2015, arXiv:1505.04597) reads pictures of 64 x 112 pixels and
says for each pixel which noun and which color of a ``Vocabulary`` it shows. It is trained by ``lessons.py`` on the
stage alone, never on what a generator made, so it can judge one.

Letters: ``f`` frames, ``b`` batch, ``h w`` rows and columns, ``c`` channels, ``n`` nouns and background.
"""

from __future__ import annotations

import json
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

HEIGHT, WIDTH = 64, 112
WIDTHS = (24, 48, 96, 128)
BATCH = 32
"""Frames that are read at once."""
WEIGHTS = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """What each pixel of ``f`` frames shows: ``noun`` [f, h, w] (0: none, else 1 + place in ``Vocabulary.nouns``),
    ``votes`` [f, h, w, n] how probable each of them is, ``color`` [f, h, w] place in ``Vocabulary.colors``;
    ``place`` [f, places] and ``time`` [f, times] probabilities; ``rgb`` [f, h, w, 3] the pixels that were read."""

    noun: NDArray[np.uint8]
    votes: NDArray[np.float16]
    color: NDArray[np.uint8]
    place: NDArray[np.float32]
    time: NDArray[np.float32]
    rgb: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logits:
    """The network's answer, before any choice."""

    noun: Float[Tensor, "b n h w"]
    color: Float[Tensor, "b c h w"]
    place: Float[Tensor, "b places"]
    time: Float[Tensor, "b times"]


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
    """The U-Net; sides of its input are multiples of 16 pixels."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.counts = (len(vocabulary.nouns) + 1, len(vocabulary.colors))
        self.unfold = nn.PixelUnshuffle(2)
        self.stem = nn.Conv2d(12, WIDTHS[0], 3, padding=1)
        pairs = list(pairwise(WIDTHS))
        self.down = nn.ModuleList(Block(width) for width in WIDTHS)
        self.shrink = nn.ModuleList(nn.Conv2d(width, wider, 2, stride=2) for width, wider in pairs)
        self.up = nn.ModuleList(Block(width) for width in WIDTHS[:-1])
        self.grow = nn.ModuleList(nn.Conv2d(wider, width, 1) for width, wider in pairs)
        self.to_pixels = nn.Conv2d(WIDTHS[0], 4 * sum(self.counts), 1)
        self.to_place = nn.Linear(WIDTHS[-1], len(vocabulary.places))
        self.to_time = nn.Linear(WIDTHS[-1], len(vocabulary.times))

    def forward(self, picture: Float[Tensor, "b 3 h w"]) -> Logits:
        """Logits of pictures in [-1, 1]."""
        x = self.stem(self.unfold(picture))
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(x)
            skips.append(x)
            if level < len(self.shrink):
                x = self.shrink[level](x)
        whole = x.mean((2, 3))
        for level in reversed(range(len(self.up))):
            x = F.interpolate(self.grow[level](x), scale_factor=2.0) + skips[level]
            x = self.up[level](x)
        noun, color = torch.split(F.pixel_shuffle(self.to_pixels(x), 2), list(self.counts), dim=1)
        return Logits(noun=noun, color=color, place=self.to_place(whole), time=self.to_time(whole))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """A trained network, the vocabulary that it reads, and its card (how it was trained, how good it is)."""

    net: ParserNet
    vocabulary: Vocabulary
    card: dict[str, Any]

    @torch.inference_mode()
    def read(self, frames: NDArray[np.uint8]) -> Maps:
        """Maps of frames [f, h, w, 3] of any size, at 64 x 112; about 4 ms a frame on one core."""
        parts = [self._read(frames[start : start + BATCH]) for start in range(0, len(frames), BATCH)]
        names = ("noun", "votes", "color", "place", "time", "rgb")
        return Maps(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def _read(self, frames: NDArray[np.uint8]) -> Maps:
        picture = shrink(torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float())
        logits = self.net(picture / 127.5 - 1)
        return Maps(
            noun=logits.noun.argmax(1).to(torch.uint8).numpy(),
            votes=logits.noun.softmax(1).permute(0, 2, 3, 1).half().numpy(),
            color=logits.color.argmax(1).to(torch.uint8).numpy(),
            place=logits.place.softmax(1).numpy(),
            time=logits.time.softmax(1).numpy(),
            rgb=picture.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy(),
        )


def shrink(picture: Float[Tensor, "b c i j"]) -> Float[Tensor, "b c h w"]:
    """The picture at the parser's size; each new pixel is the mean of what it covers."""
    if picture.shape[-2:] == (HEIGHT, WIDTH):
        return picture
    return F.interpolate(picture, (HEIGHT, WIDTH), mode="bilinear", antialias=True)


def save_parser(parser: Parser, path: Path) -> None:
    """Write the weights in half precision, with vocabulary and card as JSON in the header."""
    tensors = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in parser.net.state_dict().items()
    }
    about = {"vocabulary": parser.vocabulary.to_dict(), **parser.card}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"parser": json.dumps(about)})


def load_parser(path: Path = WEIGHTS / "parser.safetensors") -> Parser:
    """The parser of a weights file; ``WeightsError`` where it is missing or damaged."""
    if not path.exists():
        missing = f"the verifiers of this model are not trained yet: there is no scene parser {path.name}"
        raise WeightsError(f"{missing}; to edit a clip, give --box or --mask instead of --thing")
    try:
        with safe_open(path, "pt") as file:
            card = json.loads(file.metadata()["parser"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        vocabulary = Vocabulary.from_dict(card.pop("vocabulary"))
        net = ParserNet(vocabulary)
        net.load_state_dict(tensors)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path.name} holds no scene parser ({error}); train one with train_parser") from error
    return Parser(net=net.eval(), vocabulary=vocabulary, card=card)
