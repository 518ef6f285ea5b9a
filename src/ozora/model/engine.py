"""Engines: what computes the network of a bundle, for one clip at a time, without gradients.

``PlainEngine`` runs the modules as they are trained: the reference, and what works on every machine.

Letters: ``n`` latent tokens, ``l`` latent frames, ``k`` channels of layout and picture; ``g`` latent frames, ``c``
channels of the picture, ``i j`` rows and columns of tokens; ``f`` frames, ``h w`` rows and columns of pixels.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ozora.model.autoencoder import TIME
from ozora.model.maquette import Maquette
from ozora.model.precision import mixed

Words = tuple[Int[Tensor, "1 m"], Int[Tensor, "1 m e"]]
"""A tokenized prompt; see ``text.tokenize``."""


@runtime_checkable
class Predict(Protocol):
    """Predicts the data of every token of one clip, for the prompt and the places it was prepared with."""

    def __call__(
        self, x_t: Float[Tensor, "n k"], t: Float[Tensor, "l"], layout_t: Float[Tensor, ""], known: Float[Tensor, "n"]
    ) -> Float[Tensor, "n k"]:
        """``t`` is the noise time of the picture in each latent frame, ``layout_t`` that of the layout."""
        ...


@runtime_checkable
class Engine(Protocol):
    """Computes the networks of one bundle. ``name`` says how, for the record: "plain", "bf16" or "int8"."""

    name: str

    def prepare(self, words: Words, place: Float[Tensor, "n 3"]) -> Predict:
        """Do once what is the same at every step."""
        ...

    def decode(self, latent: Float[Tensor, "c g i j"], first: int, stop: int) -> Float[Tensor, "f h w 3"]:
        """Pictures about [-1, 1] of latent frames ``first`` to ``stop`` (``TIME`` each), at unit scale; those beside
        them in ``latent`` are looked at, zeros where there is none."""
        ...


class PlainEngine:
    """The modules themselves, in bfloat16 where that is quicker."""

    name = "plain"

    def __init__(self, model: Maquette) -> None:
        self.model = model

    def prepare(self, words: Words, place: Float[Tensor, "n 3"]) -> Predict:
        def predict(x_t: Tensor, t: Tensor, layout_t: Tensor, known: Tensor) -> Tensor:
            with torch.inference_mode(), mixed(x_t.device):
                data = self.model.denoiser(x_t[None], t[None], layout_t.view(1), known[None], words, place)
            result: Tensor = data[0].float()
            return result

        return predict

    def decode(self, latent: Float[Tensor, "c g i j"], first: int, stop: int) -> Float[Tensor, "f h w 3"]:
        low, high = max(0, first - 1), min(latent.shape[1], stop + 1)
        with torch.inference_mode(), mixed(latent.device):
            near = self.model.denormalize(latent[None, :, low:high]).transpose(1, 2)
            pictures = self.model.autoencoder.decode_groups(near)[0, first - low : stop - low]
        assert pictures.shape[1] == TIME
        return pictures.flatten(0, 1).permute(0, 2, 3, 1).float()
