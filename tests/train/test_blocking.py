from __future__ import annotations

import pytest
import torch

from ozora.train.blocking import CELL, CHANNELS, CODES, GAIN, blocking, codes
from ozora.world.vocabulary import COLORS, NOUNS


def test_the_codes_of_any_two_nouns_differ() -> None:
    table = codes(len(NOUNS) + 1)
    assert not table[0].any(), "nothing has no code"
    for number, code in enumerate(table[1:]):
        others = torch.cat([table[1 : number + 1], table[number + 2 :]])
        assert ((others - code).abs() > 1).sum(1).min() >= 2


def test_a_cell_says_how_much_of_what_goes_where() -> None:
    """One cell of a token is half covered by a red thing that goes right; the other three are empty."""
    names = torch.zeros(1, 2, 1, 2, 2, dtype=torch.uint8)
    names[0, :, 0, 1, 0] = torch.tensor([3, 1 + list(COLORS).index("red")])
    share = torch.zeros(1, 1, 2, 2)
    share[0, 0, 1, 0] = 0.5
    drift = torch.zeros(1, 2, 1, 2, 2)
    drift[0, 0, 0, 1, 0] = 0.4
    told = blocking(names, share, drift)
    assert told.shape == (1, CHANNELS, 1, 1, 1)
    cells = told.view(CELL, 4)
    assert cells[:, [0, 1, 3]].eq(0).all()
    cell = cells[:, 2] / torch.tensor(GAIN)
    assert cell[0] == 0.5
    assert torch.equal(cell[1 : 1 + len(CODES)], 0.5 * codes(4)[3])
    assert cell[-5:-2].tolist() == pytest.approx([0.5 * (2 * value - 1) for value in COLORS["red"]])
    assert cell[-2:].tolist() == pytest.approx([0.2, 0.0])
