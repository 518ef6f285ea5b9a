"""The fast engine of a CPU, and the choice of an engine.

The fast engine calls operators that PyTorch keeps private, so it is tried on a tiny clip before it is trusted, and
whenever one of them is missing or fails later, the plain modules take over, from the very call that failed.

Letters as in ``engine.py``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from ozora.errors import UserError
from ozora.model.engine import Engine, PlainEngine, Predict, Words
from ozora.model.fast_decoder import FastDecoder
from ozora.model.fast_denoiser import FastDenoiser
from ozora.model.int8 import has_int8_products
from ozora.model.maquette import Maquette
from ozora.model.precision import quick_in_bfloat16
from ozora.model.text import BYTES_A_WORD
from ozora.model.transformer import positions
from ozora.model.weights import Bundle

VARIABLE = "OZORA_ENGINE"
KINDS = ("auto", "int8", "bf16", "plain")
FAULTS = (RuntimeError, AttributeError, TypeError, ValueError)
"""What a missing or changed operator raises."""
SHORT_OF_MEMORY = ("allocate memory", "out of memory", "bad_alloc")
"""No fault of an operator: the plain modules would need even more."""
LARGEST_ERROR = 0.3
"""Of the deviation, on the tiny clip; products that are wrong are off by 1 and more."""

log = logging.getLogger(__name__)


class FastEngine:
    """The networks in bfloat16, or with products in 8 bits where they do not show; the plain modules after a fault."""

    def __init__(self, model: Maquette, ranges: Mapping[str, Tensor] | None = None) -> None:
        """``ranges`` are those of a ``Bundle``; without them everything is bfloat16."""
        ranges = ranges or {}
        self.plain = PlainEngine(model)
        self.name = "int8" if ranges else "bf16"
        self.denoiser = FastDenoiser(model.denoiser, _of_part(ranges, "denoiser."))
        self.decoder = FastDecoder(model, _of_part(ranges, "decoder."))

    def prepare(self, words: Words, place: Float[Tensor, "n 3"]) -> Predict:
        """Do once what is the same at every step."""
        plain = self.plain.prepare(words, place)
        if self.name == self.plain.name:
            return plain
        try:
            fast = self.denoiser.prepare(words, place)
        except FAULTS as error:
            self._give_up(error)
            return plain

        def predict(x_t: Tensor, t: Tensor, layout_t: Tensor, known: Tensor) -> Tensor:
            if self.name != self.plain.name:
                try:
                    return fast(x_t, t, layout_t, known)
                except FAULTS as error:
                    self._give_up(error)
            return plain(x_t, t, layout_t, known)

        return predict

    def decode(self, latent: Float[Tensor, "c g i j"], first: int, stop: int) -> Float[Tensor, "f h w 3"]:
        """Pictures of latent frames ``first`` to ``stop``."""
        if self.name != self.plain.name:
            try:
                return self.decoder.decode(latent, first, stop)
            except FAULTS as error:
                self._give_up(error)
        return self.plain.decode(latent, first, stop)

    def _give_up(self, error: Exception) -> None:
        if any(words in str(error) for words in SHORT_OF_MEMORY):
            raise error
        log.warning("the %s engine failed, the plain one goes on: %s", self.name, error)
        self.name = self.plain.name


def make_engine(bundle: Bundle, kind: str = "auto") -> Engine:
    """The engine of a kind, or the next slower one that works here; its ``name`` says which it is.

    ``auto`` is the fastest, or what the environment variable ``OZORA_ENGINE`` says; ``UserError`` when that is no kind.
    """
    kind = _chosen(kind)
    for name in KINDS[KINDS.index("int8" if kind == "auto" else kind) :]:
        if name != "plain" and _supported(bundle, name):
            try:
                engine = FastEngine(bundle.model, bundle.ranges if name == "int8" else None)
                _try_out(engine)
            except FAULTS as error:
                log.warning("the %s engine does not work here: %s", name, error)
            else:
                return engine
    return PlainEngine(bundle.model)


def _chosen(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"no engine is called {kind!r}")
    if kind == "auto" and (wanted := os.environ.get(VARIABLE)):
        if wanted not in KINDS:
            raise UserError(f"{VARIABLE} is {wanted!r}; it can be {', '.join(KINDS[:-1])} or {KINDS[-1]}")
        return wanted
    return kind


def _supported(bundle: Bundle, name: str) -> bool:
    device = bundle.model.latent_mean.device
    in_bf16 = device.type == "cpu" and quick_in_bfloat16(device)
    return in_bf16 and (name == "bf16" or (bool(bundle.ranges) and has_int8_products()))


def _of_part(ranges: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in ranges.items() if name.startswith(prefix)}


def _try_out(engine: FastEngine) -> None:
    """Compute two latent frames of 2 x 2 tokens with an engine and the plain one; ``RuntimeError`` if they differ."""
    model = engine.plain.model
    length = model.config.text.length
    words = torch.zeros(1, length, dtype=torch.long), torch.zeros(1, length, BYTES_A_WORD, dtype=torch.long)
    place = positions(2, 2, 2, seconds_a_frame=1 / 3)
    generator = torch.Generator().manual_seed(0)
    width = model.config.transformer
    x_t = torch.randn(len(place), width.layout + width.channels, generator=generator)
    latent = torch.randn(width.channels, 2, 2, 2, generator=generator)
    t, layout_t, known = torch.tensor([0.4, 0.5]), torch.tensor(0.0), torch.zeros(len(place))
    with torch.inference_mode():
        _check_near(
            engine.denoiser.prepare(words, place)(x_t, t, layout_t, known),
            engine.plain.prepare(words, place)(x_t, t, layout_t, known),
        )
        _check_near(engine.decoder.decode(latent, 0, 1), engine.plain.decode(latent, 0, 1))
    engine.decoder.sized.clear()


def _check_near(value: Tensor, truth: Tensor) -> None:
    error = float((value - truth).square().mean().sqrt() / truth.std().clamp_min(1e-6))
    if not error < LARGEST_ERROR:
        raise RuntimeError(f"a tiny clip is off by {error:.2f} of its deviation")
