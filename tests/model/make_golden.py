"""Write golden.safetensors anew, after the shipped weights have changed: python -m tests.model.make_golden

The inputs stay; the outputs are those of the plain modules in float32 on one thread. Do it once, with the commit that
trained the weights: from then on they hold every change of the code.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.model.engine_cases import golden, shipped


def main() -> None:
    torch.set_num_threads(1)
    g, model = dict(golden()), shipped().model
    with torch.inference_mode():
        words = g["words"].long(), g["letters"].long()
        g["out"] = model.denoiser(g["x"], g["t"], g["lead"], g["known"], words, g["place"]).to(g["out"].dtype)
        latent = model.normalize(model.autoencoder.encode_small(g["video"].float() / 127.5 - 1))
        g["latent"] = latent[0].transpose(0, 1).to(g["latent"].dtype)
        pictures = model.autoencoder.decode(model.denormalize(g["latent"].transpose(0, 1)[None]))[0, :, [0, 4, 8]]
        g["pictures"] = pictures.add(1).mul(127.5).round().clamp(0, 255).to(g["pictures"].dtype)[None]
    save_file({name: value.contiguous() for name, value in g.items()}, Path(__file__).parent / "golden.safetensors")


if __name__ == "__main__":
    main()
