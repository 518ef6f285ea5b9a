from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ozora.model.fast_decoder import KEPT_SIZES, FastDecoder, doubling_kernel, enlarge
from tests.model.engine_cases import in_bf16, in_int8, make_latent, off_by, tiny_model, tiny_ranges


def fast(*, in_8_bits: bool = False) -> FastDecoder:
    ranges = {name.removeprefix("decoder."): tops for name, tops in tiny_ranges().items() if "decoder" in name}
    return FastDecoder(tiny_model(), ranges if in_8_bits else None)


def modules(latent: Tensor) -> Tensor:
    """All pictures of all latent frames [f, h, w, 3], by the modules in float32."""
    model = tiny_model()
    groups = model.autoencoder.decode_groups(model.denormalize(latent[None]).transpose(1, 2))
    return groups[0].flatten(0, 1).permute(0, 2, 3, 1)


@in_bf16
@pytest.mark.parametrize("size", [(1, 1, 1), (1, 2, 3), (3, 5, 2), (13, 1, 2), (2, 4, 7)], ids=str)
@pytest.mark.parametrize("in_8_bits", [False, pytest.param(True, marks=in_int8)])
def test_every_size_gives_what_the_modules_give(size: tuple[int, int, int], in_8_bits: bool) -> None:
    latent = make_latent(*size, seed=7)
    pictures = fast(in_8_bits=in_8_bits).decode(latent, 0, size[0])
    assert pictures.shape == (4 * size[0], 32 * size[1], 32 * size[2], 3)
    assert pictures.dtype == torch.float32
    assert off_by(pictures, modules(latent)) < (0.1 if in_8_bits else 0.015)


@in_bf16
def test_a_part_is_that_part_of_the_whole() -> None:
    latent, decoder = make_latent(5, 2, 3), fast()
    whole = decoder.decode(latent, 0, 5)
    for first, stop in ((0, 1), (1, 3), (4, 5)):
        assert decoder.decode(latent, first, stop).equal(whole[4 * first : 4 * stop])


@in_bf16
def test_sizes_are_kept_but_not_for_ever() -> None:
    decoder = fast()
    for columns in range(1, KEPT_SIZES + 3):
        decoder.decode(make_latent(1, 1, columns), 0, 1)
    assert len(decoder.sized) == KEPT_SIZES
    kept = decoder.sized[1, KEPT_SIZES + 1]
    decoder.decode(make_latent(2, 1, KEPT_SIZES + 1), 0, 2)
    assert decoder.sized[1, KEPT_SIZES + 1] is kept


def test_the_doubling_kernel_is_bilinear() -> None:
    pictures = torch.randn(1, 3, 8, 10)
    blocks = F.pixel_unshuffle(pictures, 2).view(1, 3, 4, 4, 5).transpose(1, 2).flatten(1, 2)
    double = enlarge(F.conv2d(blocks, doubling_kernel()).to(torch.bfloat16), 4).float()
    truth = F.interpolate(pictures, scale_factor=2.0, mode="bilinear")[:, :, 4:-4, 4:-4]
    torch.testing.assert_close(double, truth, atol=0.02, rtol=0.01)
