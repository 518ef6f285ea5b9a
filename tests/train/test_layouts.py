from __future__ import annotations

import pytest
import torch

from ozora.language.layout import BITS, CELL, CHANNELS, GAIN, codes, read_cells
from ozora.language.vocabulary import COLORS, NOUNS, SMALL
from ozora.train.layouts import layout_channels


def test_a_cell_says_how_much_of_what_goes_where() -> None:
    """One cell of a token is half covered by a red thing that goes right; the other three are empty."""
    names = torch.zeros(1, 2, 1, 2, 2, dtype=torch.uint8)
    names[0, :, 0, 1, 0] = torch.tensor([3, 1 + list(COLORS).index("red")])
    share = torch.zeros(1, 1, 2, 2)
    share[0, 0, 1, 0] = 0.5
    drift = torch.zeros(1, 2, 1, 2, 2)
    drift[0, 0, 0, 1, 0] = 0.4
    facing = torch.zeros(1, 2, 1, 2, 2)
    facing[0, :, 0, 1, 0] = torch.tensor([0.6, -0.8])
    told = layout_channels(names, share, drift, facing)
    assert told.shape == (1, CHANNELS, 1, 1, 1)
    cells = told.view(CELL, 4)
    assert cells[:, [0, 1, 3]].eq(0).all()
    cell = cells[:, 2] / torch.from_numpy(GAIN).float()
    assert cell[0] == 0.5
    assert cell[1 : 1 + BITS].tolist() == (0.5 * codes(4)[3]).tolist()
    assert cell[-7:-4].tolist() == pytest.approx([0.5 * (2 * value - 1) for value in COLORS["red"]])
    assert cell[-4:].tolist() == pytest.approx([0.2, 0.0, 0.3, -0.4])


def test_every_thing_is_read_back_from_its_cells() -> None:
    """All nouns of a vocabulary in all its colors, one a cell, at half a share and a little noise."""
    things = [(noun, color) for noun in SMALL.nouns for color in SMALL.colors]
    names = torch.tensor(
        [[1 + list(NOUNS).index(n) for n, _ in things], [1 + list(COLORS).index(c) for _, c in things]]
    )
    names = names.view(1, 2, 1, 8, 10).to(torch.uint8)
    share = torch.full((1, 1, 8, 10), 0.5)
    drift, facing = torch.full((1, 2, 1, 8, 10), 0.25), torch.full((1, 2, 1, 8, 10), -0.7)
    told = layout_channels(names, share, drift, facing)[0]
    told = told + 0.05 * torch.randn(told.shape, generator=torch.Generator().manual_seed(1))
    cells = read_cells(told.double().numpy(), SMALL)
    assert cells.noun.tolist() == names[0, 0].tolist()
    assert cells.color.tolist() == names[0, 1].tolist()
    assert abs(cells.share - 0.5).max() < 0.15
    assert abs(cells.drift - 0.25).mean() < 0.06 and abs(cells.facing + 0.7).mean() < 0.1
