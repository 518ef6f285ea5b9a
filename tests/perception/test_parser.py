from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ozora.errors import WeightsError
from ozora.evaluate.prompts import test_prompts
from ozora.evaluate.report import CATEGORIES, render, score
from ozora.language.vocabulary import FULL, SMALL, TOY_WORLD
from ozora.perception.parser import BATCH, HEIGHT, WIDTH, Parser, ParserNet, load_parser, save_parser, shrink
from ozora.stage.renderer import Renderer


def untrained() -> Parser:
    torch.manual_seed(0)
    return Parser(net=ParserNet(SMALL).eval(), vocabulary=SMALL, card={"steps": 0})


def test_the_network_is_small_and_answers_every_pixel() -> None:
    net = ParserNet(FULL).eval()
    assert sum(value.numel() for value in net.parameters()) < 1_400_000, "its file is to stay small"
    with torch.inference_mode():
        logits = net(torch.zeros(2, 3, HEIGHT, WIDTH))
    assert logits.noun.shape == (2, len(FULL.nouns) + 1, HEIGHT // 2, WIDTH // 2)
    assert logits.color.shape == (2, len(FULL.colors), HEIGHT // 2, WIDTH // 2)
    assert logits.weather.shape == (2, len(FULL.weathers))
    assert logits.place.shape == (2, len(FULL.places))
    assert logits.time.shape == (2, len(FULL.times))


def test_frames_of_any_size_are_read_in_their_own_shape() -> None:
    sizes = {
        (128, 224): (64, 112),
        (64, 112): (64, 112),
        (1280, 720): (112, 64),
        (100, 100): (88, 88),
        (40, 400): (24, 264),
    }
    for size, (height, width) in sizes.items():
        (maps,) = untrained().read(np.zeros((3, *size, 3), np.uint8))
        assert maps.noun.shape == maps.color.shape == (3, height, width)
        assert maps.rgb.shape == (3, height, width, 3)
        assert np.allclose(maps.place.sum(1), 1, atol=1e-3)


def test_long_clips_are_read_in_parts() -> None:
    parts = list(untrained().read(np.zeros((BATCH + 3, 16, 28, 3), np.uint8)))
    assert [len(maps.noun) for maps in parts] == [BATCH, 3]


def test_shrinking_keeps_the_mean() -> None:
    picture = torch.rand(1, 3, 128, 224)
    assert torch.allclose(shrink(picture).mean(), picture.mean(), atol=2e-3)


def test_weights_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "parser.safetensors"
    save_parser(untrained(), path)
    again = load_parser(path)
    assert again.vocabulary == SMALL
    assert again.card == {"steps": 0}
    frames = np.random.default_rng(0).integers(0, 255, (2, HEIGHT, WIDTH, 3), np.uint8)
    (kept,), (first,) = again.read(frames), untrained().read(frames)
    assert np.abs(kept.votes.astype(float) - first.votes).mean() < 0.01, "8 bits"


@pytest.mark.parametrize("content", [None, b"", b"no weights at all"], ids=["missing", "empty", "damaged"])
def test_bad_weights_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "parser.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"parser\.safetensors"):
        load_parser(path)


@pytest.mark.egl
def test_the_shipped_parser_sees_what_is_there(parser: Parser, renderer: Renderer) -> None:
    """Most facts of true renders hold in its eyes, known and held-out pairs alike."""
    prompts = [
        *test_prompts(TOY_WORLD, held_out=False, count=6, seed=1),
        *test_prompts(TOY_WORLD, held_out=True, count=4, seed=1),
    ]
    clips = {(prompt.caption.text, prompt.seed): render(prompt, renderer, 49) for prompt in prompts}
    tallies = score(lambda text, seed: clips[text, seed], prompts, parser).tallies
    settled = [tallies[name] for name in CATEGORIES if name in tallies]
    assert sum(one.holds for one in settled) >= 0.85 * sum(one.counted for one in settled)


def test_without_a_parser_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="ozora train parser"):
        load_parser(tmp_path / "none.safetensors")
