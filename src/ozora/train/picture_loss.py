"""The loss of pictures, for the autoencoder and the upscaler: Charbonnier plus gradients; no GAN, no LPIPS.

Letters: ``b`` pictures or clips, ``h w`` rows and columns; what stands between them broadcasts.
"""

from __future__ import annotations

import torch
from torch import Tensor


def picture_loss(error: Tensor, weight: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Loss of ``error`` [b, 3, ..., h, w] of pictures in [-1, 1], and its PSNR in dB: of all, and where ``mask``
    [b, 1, ..., h, w] (0 to 1) has things. ``weight``, shaped as the mask, is what a pixel counts."""
    close = (weight * torch.sqrt(error.square() + 1e-4)).mean()
    across = (weight[..., 1:] * error.diff(dim=-1).abs()).mean()
    down = (weight[..., 1:, :] * error.diff(dim=-2).abs()).mean()
    with torch.no_grad():
        psnr = -10 * torch.log10(error.square().mean() / 4)
        things = (mask * error.square()).sum() / mask.sum().clamp_min(1) / 3
        inside = -10 * torch.log10(things / 4 + 1e-9)
    return close + 0.5 * (across + down), {"psnr": psnr.item(), "psnr_things": inside.item()}
