"""The video autoencoder: pixels to latent tokens and back, without a KL term and without an adversary.

A token of ``time`` frames says two things of its patch: the look of the middle frame, by linear maps, and in its last
``motion`` channels how the other frames differ from it, by a small MLP. Where nothing moves these are zero, and what
moves looks in a token as sharp as what stands. The first latent frame is one image (seen as if repeated), so an image
is a video of one frame, and a latent frame depends on its own frames only: the encoder is causal.

The decoder paints the middle picture of each latent frame, by the linear maps backwards and by 2D convolutions that
grow it by pixel shuffles (the shape of TAEHV, github.com/madebyollin/taehv; sizes are ours). A small second network
makes the pictures between the middle ones: it moves the pixels of the nearest two to where they are (spatial
transformers, Jaderberg et al. 2015, arXiv 1506.02025), says how much of each is seen (as networks for in-between frames
do: Jiang et al. 2017, arXiv 1712.00080) and adds what none of them shows. So a picture depends on three latent frames:
its own, the one before and the one after. One network that painted all pictures of a token kept a twentieth of the
movement, and with one middle picture alone there was a step from each token to the next (EXPERIMENTS.md).

The linear maps start as the principal components of the corpus (``start_from``): in closed form, what gradient descent
on two cores had not found after eleven minutes (EXPERIMENTS.md). Everything nonlinear in the decoder starts at zero.

Letters: ``b`` batch, ``f`` frames, ``g`` latent frames, ``h w`` rows and columns, ``c`` colors; ``k`` channels and
``i j`` rows and columns of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.shapes import Compression

RELUCTANCE = 2.0
"""Before it has learnt anything, a picture is seen in its own middle picture by sigmoid(2) = 0.88."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderConfig:
    """Sizes. ``space`` is pixels a token side in the decoder's picture, a power of two; ``decoder_widths`` are those at
    1/4, 1/8 ... 1/``space`` of it. The encoder sees the picture at 1/``enlarge`` of its size; the decoder adds detail.
    ``motion`` of the ``channels`` are for movement. ``mover_widths`` are those of the network that moves pixels, two in
    tokens, where it has ``thought`` blocks, then growing to 1/4 of the picture.
    """

    time: int = 6
    space: int = 32
    channels: int = 96
    motion: int = 32
    encoder_width: int = 256
    motion_width: int = 512
    decoder_widths: tuple[int, ...] = (48, 96, 160, 256)
    blocks: int = 1
    mover_widths: tuple[int, ...] = (192, 64, 48, 32, 24)
    thought: int = 3
    enlarge: int = 2

    @property
    def compression(self) -> Compression:
        return Compression(time=self.time, space=self.space, channels=self.channels)

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> AutoencoderConfig:
        return AutoencoderConfig(**{**data, **{name: tuple(data[name]) for name in ("decoder_widths", "mover_widths")}})


class ResidualBlock(nn.Module):
    """x + conv(silu(conv(norm x))), the second convolution starting at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.conv_out = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.conv_out(F.silu(self.conv_in(self.norm(x))))
        return result


class Autoencoder(nn.Module):
    """Pixels in [-1, 1] to latents of about unit deviation and back."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.patch = config.space // config.enlarge
        patch, wide, stack = 3 * self.patch**2, config.encoder_width, config.time * config.encoder_width
        self.patch_in = nn.Linear(patch, wide)
        self.look = nn.Linear(wide, config.channels - config.motion)
        self.motion_up = nn.Linear(stack, config.motion_width, bias=False)
        self.motion_down = nn.Linear(config.motion_width, config.motion, bias=False)
        nn.init.normal_(self.motion_up.weight, std=0.04)  # what moves begins well above the noise of the latents
        nn.init.normal_(self.motion_down.weight, std=0.05)

        deep = config.decoder_widths
        self.part = nn.Linear(config.channels - config.motion, wide)
        self.patch_out = nn.Linear(wide, patch)
        self.from_latent = nn.Conv2d(config.channels, deep[-1], 3, padding=1)
        self.think = nn.Sequential(*[ResidualBlock(deep[-1]) for _ in range(config.blocks + 1)])
        self.grow = nn.Conv2d(deep[-1], deep[-1], 1)
        up: list[nn.Module] = []
        for wider, width in zip(deep[::-1], deep[-2::-1], strict=False):
            up += [ResidualBlock(wider) for _ in range(config.blocks)]
            up += [nn.Conv2d(wider, 4 * width, 1), nn.PixelShuffle(2)]
        up += [ResidualBlock(deep[0]) for _ in range(config.blocks)]
        self.body = nn.Sequential(*up)
        self.to_pixels = _to_pixels(deep[0])
        self.move = _Mover(config)

    @torch.no_grad()
    def start_from(self, video: Float[Tensor, "b c f h w"]) -> None:
        """Set the linear maps to the principal components of a sample of the corpus."""
        wide = self.config.encoder_width
        patches = self._patches(F.avg_pool3d(video, (1, self.config.enlarge, self.config.enlarge)))
        flat = patches.flatten(0, 3)
        mean = flat.mean(0)
        axes = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat)).eigenvectors.flip(-1)[:, :wide]
        self.patch_in.weight.copy_(axes.T)
        self.patch_in.bias.copy_(-mean @ axes)
        self.patch_out.weight.copy_(axes)
        self.patch_out.bias.copy_(mean)
        looks = self.patch_in(patches).flatten(0, 3)
        center = looks.mean(0)
        power, joint = torch.linalg.eigh((looks - center).T @ (looks - center) / len(looks))
        joint, size = joint.flip(-1)[:, : self.look.out_features], power.flip(-1)[: self.look.out_features].sqrt()
        self.look.weight.copy_((joint / size).T)
        self.look.bias.copy_(-center @ (joint / size))
        self.part.weight.copy_(joint * size)
        self.part.bias.copy_(center)

    def importance(self) -> Float[Tensor, "l"]:
        """How much of the look of a picture each channel for it carries: its deviation before it was brought to one."""
        result: Tensor = 1 / self.look.weight.detach().norm(dim=1)
        return result

    def encoder_parts(self) -> dict[str, nn.Module]:
        """What decides the latents, by name; frozen once they are cached."""
        return {name: getattr(self, name) for name in ("patch_in", "look", "motion_up", "motion_down")}

    def encode(self, video: Float[Tensor, "b c f h w"]) -> Float[Tensor, "b k g i j"]:
        """Latents of a video whose frames are 1 + time * n."""
        small = F.avg_pool3d(video, (1, self.config.enlarge, self.config.enlarge)) if self.config.enlarge > 1 else video
        return self.encode_small(small)

    def encode_small(self, video: Float[Tensor, "b c f h w"]) -> Float[Tensor, "b k g i j"]:
        """The same for a video that is already of the encoder's size."""
        frames = self._groups(self.patch_in(self._patches(video)))
        middle = frames[..., (self.config.time - 1) // 2, :]
        moved = (frames - middle[..., None, :]).flatten(4)
        motion = torch.tanh(self.motion_down(F.silu(self.motion_up(moved))))
        return torch.cat([self.look(middle), motion], dim=-1).permute(0, 4, 1, 2, 3)

    def decode(self, latent: Float[Tensor, "b k g i j"], *, opens: bool = True) -> Float[Tensor, "b c f h w"]:
        """Pixels of latents; the first latent frame gives one picture, each other ``time``. Where it is not the one
        that ``opens`` a clip, but comes from within, that is its middle picture."""
        b, _, groups = latent.shape[:3]
        middles = self._middles(latent.transpose(1, 2).flatten(0, 1))
        middles = middles.reshape(b, groups, *middles.shape[1:])
        if groups == 1:
            return middles.transpose(1, 2)
        before, own, after = (part.flatten(0, 1) for part in _threes(middles))
        moved = self.move.pictures(self._moves(latent, opens), before, own, after)
        return torch.cat([middles[:, :1], moved.reshape(b, -1, *middles.shape[2:])], dim=1).transpose(1, 2)

    def flow(self, latent: Float[Tensor, "b k g i j"]) -> Float[Tensor, "b d f y x"]:
        """Where the pixels of all frames but the first come from, at 1/4 of the size, in heights of the picture: across
        and down in the middle picture of their latent frame, across and down in the nearest other middle picture."""
        said = self._moves(latent, opens=True)[:, :, :4]
        return said.reshape(len(latent), -1, *said.shape[2:]).transpose(1, 2)

    def _moves(self, latent: Float[Tensor, "b k g i j"], opens: bool) -> Float[Tensor, "n t s y x"]:
        """What the mover says of all latent frames but the first."""
        b, _, groups, i, j = latent.shape
        before, own, after = _threes(latent.transpose(1, 2))
        ends = latent.new_zeros(b, groups - 1, 2, i, j)
        ends[:, 0, 0], ends[:, -1, 1] = float(opens), 1.0
        result: Tensor = self.move(torch.cat([own, before, after, ends], dim=2).flatten(0, 1))
        return result

    def _middles(self, latent: Float[Tensor, "n k i j"]) -> Float[Tensor, "n c h w"]:
        """The middle picture of each latent frame."""
        look = latent[:, : self.look.out_features].permute(0, 2, 3, 1)
        coarse = F.pixel_shuffle(self.patch_out(self.part(look)).permute(0, 3, 1, 2), self.patch)
        fine = self.to_pixels(self.body(self.grow(self.think(self.from_latent(latent)))))
        if self.config.enlarge > 1:
            coarse = F.interpolate(coarse, scale_factor=float(self.config.enlarge), mode="bilinear")
        result: Tensor = coarse + fine
        return result

    def _patches(self, video: Tensor) -> Tensor:
        """[b, f, i, j, patch]"""
        b = video.shape[0]
        folded = F.pixel_unshuffle(video.transpose(1, 2).flatten(0, 1), self.patch)
        return folded.view(b, -1, *folded.shape[1:]).permute(0, 1, 3, 4, 2)

    def _groups(self, features: Tensor) -> Tensor:
        """[b, f, i, j, e] to [b, g, i, j, time, e]; the first frame is repeated."""
        time = self.config.time
        first = features[:, :1].repeat(1, time, 1, 1, 1)
        both = torch.cat([first, features[:, 1:]], dim=1)
        return both.view(both.shape[0], -1, time, *both.shape[2:]).permute(0, 1, 3, 4, 2, 5)


class _Mover(nn.Module):
    """From the middle pictures of a latent frame and of its neighbours to all its pictures."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.time, (wide, *_, narrow) = config.time, config.mover_widths
        self.read = nn.Conv2d(3 * config.channels + 2, wide, 3, padding=1)
        self.think = nn.Sequential(*[ResidualBlock(wide) for _ in range(config.thought)])
        self.split = nn.Conv2d(wide, config.time * config.mover_widths[1], 1)
        up: list[nn.Module] = []
        for wider, width in zip(config.mover_widths[1:], config.mover_widths[2:], strict=False):
            up += [ResidualBlock(wider), nn.Conv2d(wider, 4 * width, 1), nn.PixelShuffle(2)]
        last = nn.Conv2d(narrow, 8, 3, padding=1)
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.zeros_(last.bias)
        self.body = nn.Sequential(*up, ResidualBlock(narrow), last)

    def forward(self, latents: Float[Tensor, "n e i j"]) -> Float[Tensor, "n t s y x"]:
        """Of a latent frame, the one before and the one after, and whether these are the first picture and nothing: at
        a quarter of the picture's size, across and down whence in its own middle picture and whence in the other, in
        heights of the picture, how much the other is seen, and colors to add."""
        n, _, i, j = latents.shape
        x = self.split(self.think(self.read(latents))).reshape(n * self.time, -1, i, j)
        said: Tensor = self.body(x).float()
        return said.reshape(n, self.time, *said.shape[1:])

    def pictures(
        self,
        said: Float[Tensor, "n t s y x"],
        before: Float[Tensor, "n c h w"],
        own: Float[Tensor, "n c h w"],
        after: Float[Tensor, "n c h w"],
    ) -> Float[Tensor, "n t c h w"]:
        """The pictures made of the middle ones: of its own, and of the one on whose side a picture is."""
        h, w = own.shape[2:]
        middle = (self.time - 1) // 2
        said = F.interpolate(said.flatten(0, 1), size=(h, w), mode="bilinear")
        sides = [*[before] * middle, *[after] * (self.time - middle)]
        near = _fetch(torch.stack([own] * self.time, dim=1).flatten(0, 1).float(), said[:, :2])
        far = _fetch(torch.stack(sides, dim=1).flatten(0, 1).float(), said[:, 2:4])
        moved = torch.lerp(near, far, torch.sigmoid(said[:, 4:5] - RELUCTANCE)) + said[:, 5:]
        return moved.to(own.dtype).reshape(-1, self.time, *own.shape[1:])


def _threes(parts: Float[Tensor, "b g ..."]) -> tuple[Tensor, Tensor, Tensor]:
    """The one before, itself and the one after of all but the first; the last is followed by itself."""
    return parts[:, :-1], parts[:, 1:], torch.cat([parts[:, 2:], parts[:, -1:]], dim=1)


def _fetch(pictures: Float[Tensor, "n c h w"], whence: Float[Tensor, "n 2 h w"]) -> Float[Tensor, "n c h w"]:
    """Each pixel from so many heights of the picture to the right and below."""
    h, w = pictures.shape[2:]
    source = _grid(h, w, whence.device) + (whence * whence.new_tensor([2 * h / w, 2.0])[:, None, None]).movedim(1, -1)
    return F.grid_sample(pictures, source, mode="bilinear", padding_mode="border", align_corners=False)


def _grid(h: int, w: int, device: torch.device) -> Float[Tensor, "1 h w 2"]:
    """Where ``grid_sample`` finds each pixel: from -1 to 1, across and down."""
    y = (torch.arange(h, device=device) + 0.5) * 2 / h - 1
    x = (torch.arange(w, device=device) + 0.5) * 2 / w - 1
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[None]


def _to_pixels(width: int) -> nn.Sequential:
    """From features at a quarter of the picture's size to pixels, starting at zero."""
    last = nn.Conv2d(width, 48, 3, padding=1)
    assert last.bias is not None
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(ResidualBlock(width), last, nn.PixelShuffle(4))
