from __future__ import annotations

import pytest
import torch

from ozora.train.picture_loss import picture_loss


def test_errors_on_things_are_told_apart_and_edges_count() -> None:
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4] = 1
    error = 0.2 * mask.expand(1, 3, 8, 8)
    loss, figures = picture_loss(error, torch.ones_like(mask), mask)
    assert figures["psnr_things"] == pytest.approx(20.0, abs=0.01)
    assert figures["psnr"] == pytest.approx(23.01, abs=0.01)
    flat, _ = picture_loss(torch.full((1, 3, 8, 8), 0.1), torch.ones_like(mask), mask)
    assert loss > flat, "the same mean with an edge costs more"
    heavy, _ = picture_loss(error, 1 + 5 * mask, mask)
    assert heavy > 3 * loss
