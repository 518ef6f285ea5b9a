from __future__ import annotations

import pytest
import torch

from ozora.model.fast_denoiser import FastDenoiser, check_attention
from ozora.model.maquette import Maquette
from ozora.model.text import tokenize
from tests.model.engine_cases import (
    PROMPT,
    clip_batch,
    in_bf16,
    in_int8,
    make_clip,
    off_by,
    tiny_model,
    tiny_ranges,
)

SHAPES = [(1, 2, 3, 0), (1, 1, 1, 0), (2, 3, 5, 0), (13, 2, 3, 0), (13, 1, 2, 1), (4, 8, 8, 2)]


def fast(*, in_8_bits: bool = False) -> FastDenoiser:
    ranges = {name.removeprefix("denoiser."): step for name, step in tiny_ranges().items() if "denoiser" in name}
    return FastDenoiser(tiny_model().denoiser, ranges if in_8_bits else None)


def words(prompt: str = PROMPT) -> tuple[torch.Tensor, torch.Tensor]:
    return tokenize([prompt], tiny_model().config.text)


def call(denoiser: FastDenoiser, clip: dict[str, torch.Tensor], prompt: str = PROMPT) -> torch.Tensor:
    predict = denoiser.prepare(words(prompt), clip["place"])
    return predict(clip["x_t"], clip["t"], clip["layout_t"], clip["known"])


@in_bf16
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("in_8_bits", [False, pytest.param(True, marks=in_int8)])
def test_every_shape_gives_what_the_modules_give(shape: tuple[int, int, int, int], in_8_bits: bool) -> None:
    clip = make_clip(*shape[:3], references=shape[3], seed=5)
    truth = tiny_model().denoiser(*clip_batch(clip))[0]
    result = call(fast(in_8_bits=in_8_bits), clip)
    assert result.dtype == torch.float32
    assert off_by(result, truth) < (0.15 if in_8_bits else 0.015)


@in_bf16
def test_one_level_for_all_frames_is_the_same_as_one_for_each() -> None:
    clip = make_clip(3, 2, 2)
    same = {**clip, "t": torch.full((3,), 0.5)}
    nearly = {**clip, "t": torch.tensor([0.5, 0.5, 0.500001])}
    assert off_by(call(fast(), same), call(fast(), nearly)) < 0.01
    assert off_by(call(fast(), same), call(fast(), clip)) > 0.05  # levels say something


@in_bf16
@pytest.mark.parametrize("what", ["t", "layout_t", "known", "x_t", "place"])
def test_every_input_says_something(what: str) -> None:
    clip = make_clip(3, 2, 2)
    other = {**clip, what: 1 - clip[what] if what != "place" else clip[what] + torch.tensor([0.0, 0.2, 0.2])}
    assert off_by(call(fast(), other), call(fast(), clip)) > 0.01


@in_bf16
def test_prompts_prepared_side_by_side_do_not_disturb_each_other() -> None:
    denoiser, clip, wide = fast(), make_clip(2, 2, 2), make_clip(3, 2, 5)
    first = denoiser.prepare(words(), clip["place"])
    arguments = [clip[name] for name in ("x_t", "t", "layout_t", "known")]
    before, kept = first(*arguments), clip["x_t"].clone()
    denoiser.prepare(words("a ball"), wide["place"])(*[wide[name] for name in ("x_t", "t", "layout_t", "known")])
    assert first(*arguments).equal(before)
    assert clip["x_t"].equal(kept)
    assert not call(denoiser, clip, "a ball").equal(before)


def test_weights_that_could_overflow_are_refused() -> None:
    model = Maquette(tiny_model().config)
    with torch.no_grad():
        model.denoiser.transformer.blocks[1].get_parameter("norm_q.weight").fill_(20.0)
    with pytest.raises(ValueError, match="2 to the power of"):
        check_attention(model.denoiser)
