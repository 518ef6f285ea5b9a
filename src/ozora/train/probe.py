"""A linear probe in the middle of the painter: what is at each token, and where is it going?

The stage knows the answers, so they are extra targets for training (representation alignment, Yu et al. 2024, arXiv
2410.06940, with the world's truth in the place of another network; motion as in VideoJAM, arXiv 2502.02492). The probe
is left out of the shipped weights.

Letters: ``b`` batch, ``n`` latent tokens, ``d`` width.
"""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.model.maquette import Painter
from ozora.model.transformer import Norm
from ozora.world.vocabulary import COLORS, NOUNS

KINDS, HUES = len(NOUNS) + 1, len(COLORS) + 1
"""Nothing, then all nouns; nothing, then all colors."""


class Probed(nn.Module):
    """A painter and its probe, trained as one; ``forward`` gives the data and the logits of the probe."""

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self.painter = painter
        width = painter.transformer.config.width
        self.norm = Norm(width)
        self.probe = nn.Linear(width, KINDS + HUES + 2)

    def forward(
        self,
        x_t: Float[Tensor, "b n k"],
        t: Float[Tensor, "b l"],
        known: Float[Tensor, "b n"],
        words: tuple[Int[Tensor, "b m"], Int[Tensor, "b m e"]],
        place: Float[Tensor, "n 3"],
    ) -> tuple[Float[Tensor, "b n k"], Float[Tensor, "b n o"]]:
        data, middle = self.painter.trace(x_t, t, known, words, place)
        return data, self.probe(self.norm(middle))


def probe_loss(
    logits: Float[Tensor, "b n o"],
    labels: Int[Tensor, "b 2 n"],
    drift: Float[Tensor, "b 2 n"],
    weight: Float[Tensor, "b n"],
) -> Tensor:
    """Cross-entropy of noun and color at every token, and the error of the drift (picture heights a second) on things.

    ``labels`` are numbers of noun and color, 0 where no thing is; ``weight`` is that of the main loss.
    """
    kind, hue, way = logits.float().tensor_split((KINDS, KINDS + HUES), dim=-1)
    wrong = F.cross_entropy(kind.mT, labels[:, 0], reduction="none")
    wrong = wrong + F.cross_entropy(hue.mT, labels[:, 1], reduction="none")
    off = F.smooth_l1_loss(way.mT, drift, reduction="none", beta=0.1).sum(1) * (labels[:, 0] > 0)
    return (weight * (wrong + 2 * off)).sum() / weight.sum().clamp_min(1e-6)


def painter_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The painter's part of a checkpoint of ``Probed``."""
    return {name.removeprefix("painter."): value for name, value in weights.items() if name.startswith("painter.")}


def probed(painter: Painter, start: dict[str, Tensor] | None) -> Probed:
    """A painter with a fresh probe, or with the one of an earlier phase; ``start`` may be of a painter alone."""
    model = Probed(painter)
    nn.init.zeros_(model.probe.weight)
    nn.init.zeros_(model.probe.bias)
    if start is not None and any(name.startswith("painter.") for name in start):
        model.load_state_dict(start)
    elif start is not None:
        painter.load_state_dict(start)
    return model
