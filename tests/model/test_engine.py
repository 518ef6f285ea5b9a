from __future__ import annotations

import pytest
import torch

from ozora.model.engine import PlainEngine
from ozora.model.text import tokenize
from tests.model.engine_cases import (
    PROMPT,
    clip_batch,
    golden,
    golden_decibels,
    golden_error,
    make_clip,
    make_latent,
    off_by,
    shipped,
    tiny_model,
)


def test_the_modules_give_what_they_gave_when_they_were_trained() -> None:
    g, model = golden(), shipped().model
    with torch.inference_mode():
        words = g["words"].long(), g["letters"].long()
        data = model.denoiser(g["x"], g["t"], g["lead"], g["known"], words, g["place"])
        latent = model.normalize(model.autoencoder.encode_small(g["video"].float() / 127.5 - 1))
        groups = model.denormalize(g["latent"].transpose(0, 1)[None])
        pictures = model.autoencoder.decode(groups)[0, :, [0, 4, 8]]
    assert off_by(data, g["out"]) < 1e-3
    assert off_by(latent[0].transpose(0, 1), g["latent"]) < 1e-3
    whole = pictures.add(1).mul(127.5).round().clamp(0, 255)
    assert (whole - g["pictures"][0]).abs().max() <= 1


def test_the_plain_engine_is_near_the_golden_values() -> None:
    engine = PlainEngine(shipped().model)
    assert engine.name == "plain"
    assert golden_error(engine) < 0.013
    assert golden_decibels(engine) > 54


@pytest.mark.parametrize("frames", [1, 3])
def test_the_plain_engine_is_the_modules(frames: int) -> None:
    engine, clip, latent = PlainEngine(tiny_model()), make_clip(frames, 2, 3), make_latent(frames, 2, 3)
    predict = engine.prepare(tokenize([PROMPT], tiny_model().config.text), clip["place"])
    data = predict(clip["x_t"], clip["t"], clip["layout_t"], clip["known"])
    assert off_by(data, tiny_model().denoiser(*clip_batch(clip))[0]) < 0.02
    pictures = engine.decode(latent, 0, frames)
    assert pictures.shape == (4 * frames, 64, 96, 3)
    assert off_by(engine.decode(latent, frames - 1, frames), pictures[-4:]) < 0.02
