"""Ranges: how large the activations are that flow into products in 8 bits, measured while a few prompts are painted.

Of a product of the transformer the step of every input channel is kept (``model.int8``): it is smoothed between the
activations and the weights (SmoothQuant, Xiao et al. 2022, arXiv 2211.10438) by the exponent, and clipped at the share,
with which the result is the least wrong. Of a residual block of the decoder the largest normed value of each channel is
kept, and the largest after its swish.

Letters: ``n`` rows, ``i`` input and ``o`` output channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.flow.best_of_n import Sampling, State
from ozora.flow.schedule import LAYOUT_SHIFT, PICTURE_SHIFT, Times, layout_first
from ozora.model.autoencoder import SPACE, TIME, ResidualBlock
from ozora.model.engine import PlainEngine
from ozora.model.maquette import Maquette
from ozora.model.text import tokenize
from ozora.model.transformer import Block, positions

PRODUCTS = ("qkv", "out", "gate_up", "down")
EXPONENTS = (0.5, 0.65, 0.8, 0.9)
CLIPS = (1.1, 0.8, 0.6)
ROWS = 24
"""Rows of an activation that are kept of each step, to compare results."""
PROMPTS = (
    "a red ball rolls to the left past a blue cube in a meadow at sunset",
    "a yellow car drives to the right on a city street at night in the rain",
    "three cats in the snow by day while it snows, the camera zooms in",
)
STEPS = 8


class Meter:
    """What was seen: the largest activation [i] by product, and some of its rows [n, i]."""

    def __init__(self) -> None:
        self.tops: dict[str, Tensor] = {}
        self.rows: dict[str, list[Tensor]] = {}
        self._generator = torch.Generator().manual_seed(0)

    def note(self, name: str, top: Tensor) -> None:
        """Take one activation's largest values [i] into account."""
        self.tops[name] = torch.maximum(self.tops[name], top) if name in self.tops else top

    def product(self, name: str, latents: Callable[[], int]) -> Callable[..., None]:
        """A hook before a product: of its first ``latents()`` rows, or of all for "qkv", where the text goes along."""

        def watch(_module: nn.Module, inputs: tuple[Tensor]) -> None:
            rows = inputs[0][0].float()
            rows = rows if name.endswith("qkv") else rows[: latents()]
            self.note(name, rows.abs().amax(0))
            chosen = torch.randperm(len(rows), generator=self._generator)[:ROWS]
            self.rows.setdefault(name, []).append(rows[chosen])

        return watch

    def residual(self, name: str, block: ResidualBlock) -> Callable[..., None]:
        """A hook before a residual block of the decoder."""

        def watch(_module: nn.Module, inputs: tuple[Tensor]) -> None:
            inner = block.norm(inputs[0])
            top = (inner / block.norm.get_parameter("weight")[:, None, None]).abs().amax((0, 2, 3))
            self.note(name, torch.cat([top, F.silu(block.conv_in(inner)).amax().view(1)]).float())

        return watch


@torch.inference_mode()
def measure_ranges(
    model: Maquette, prompts: Sequence[str] = PROMPTS, *, grids: Sequence[tuple[int, int]] = (), frames: int = 0
) -> dict[str, Tensor]:
    """Paint ``prompts`` on clips of each grid of token rows and columns, and say how large what flows is: the ranges of
    ``weights.save_bundle``. Without ``grids`` and ``frames`` (latent ones) they are those of the model, both ways up.
    Each is painted from noise, and once with its first picture given."""
    size = (model.config.height // SPACE, model.config.width // SPACE)
    grids = grids or (size, size[::-1])
    frames = frames or 1 + (model.config.frames - 1) // TIME
    meter, latents = Meter(), 0
    with ExitStack() as hooks:
        for number, block in enumerate(model.denoiser.transformer.blocks):
            assert isinstance(block, Block)
            for product in PRODUCTS:
                watch = meter.product(f"denoiser.{number}.{product}", lambda: latents)
                hooks.callback(block.get_submodule(product).register_forward_pre_hook(watch).remove)
        for name, part in model.autoencoder.decoder.named_modules():
            if isinstance(part, ResidualBlock):
                hooks.callback(part.register_forward_pre_hook(meter.residual(f"decoder.{name}", part)).remove)
        for seed, prompt in enumerate(prompts):
            for rows, columns in grids:
                latents = frames * rows * columns
                _paint(model, prompt, (frames, rows, columns), seed)
    weights = {
        f"denoiser.{number}.{product}": block.get_submodule(product).get_parameter("weight")
        for number, block in enumerate(model.denoiser.transformer.blocks)
        for product in PRODUCTS
    }
    steps = {name: _best_step(torch.cat(meter.rows[name]), weights[name], meter.tops[name]) for name in weights}
    return {**{name: top for name, top in meter.tops.items() if name not in steps}, **steps}


def _paint(model: Maquette, prompt: str, grid: tuple[int, int, int], seed: int) -> None:
    """One clip from noise; then one step more with its first latent frame given and noise on the others."""
    frames, rows, columns = grid
    generator = torch.Generator().manual_seed(seed)
    engine, config = PlainEngine(model), model.config.transformer
    place = positions(frames, rows, columns, seconds_a_frame=TIME / model.config.fps)
    predict = engine.prepare(tokenize([prompt], model.config.text), place)
    known = torch.zeros(len(place))

    def noise() -> Tensor:
        return torch.randn(config.layout + config.channels, len(place), generator=generator)

    def ask(x: Tensor, times: Times) -> Tensor:
        return predict(x.T, torch.full((frames,), times.picture), torch.tensor(times.layout), known).T

    sampling = Sampling(
        predict=ask,
        times=layout_first(STEPS, layout_shift=LAYOUT_SHIFT, shift=PICTURE_SHIFT),
        layout=config.layout,
        begin=lambda _candidate: noise(),
        fresh=lambda _candidate, _step: noise(),
    )
    *_, last = sampling.states(State(x=noise()), candidates=1)
    engine.decode(last.x[config.layout :].view(config.channels, *grid), 0, frames)
    t = torch.full((frames,), float(torch.rand((), generator=generator)))
    t[0], known[: rows * columns] = 0.0, 1.0
    level = t.repeat_interleave(rows * columns)
    level = torch.cat([torch.zeros(config.layout, len(place)), level.expand(config.channels, -1)])
    predict((last.x + level * (noise() - last.x)).T, t, torch.tensor(0.0), known)


def _best_step(rows: Float[Tensor, "n i"], weight: Float[Tensor, "o i"], top: Float[Tensor, "i"]) -> Float[Tensor, "i"]:
    """The steps with which 8 bits change ``rows @ weight.T`` the least."""
    truth = rows @ weight.T
    found: list[tuple[float, Tensor]] = []
    for exponent in EXPONENTS:
        smooth = top.clamp_min(1e-4) ** exponent / weight.abs().amax(0).clamp_min(1e-6) ** (1 - exponent)
        unit = (weight * smooth).abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        whole = (weight * smooth / unit).round() * unit
        for clip in CLIPS:
            step = (top / smooth).max() * clip / 127
            rounded = (rows / smooth / step).round().clamp(-128, 127) * step
            found.append((float((rounded @ whole.T - truth).square().mean()), smooth * step))
    return min(found, key=lambda pair: pair[0])[1]
