from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ozora.errors import WeightsError
from ozora.perception.parser import HEIGHT, WIDTH, Parser, ParserNet, load_parser, save_parser, shrink
from ozora.evaluate.prompts import test_prompts
from ozora.evaluate.report import CATEGORIES, render, score
from ozora.language.vocabulary import FULL, SMALL
from ozora.stage.renderer import Renderer


def untrained() -> Parser:
    torch.manual_seed(0)
    return Parser(net=ParserNet(SMALL).eval(), vocabulary=SMALL, card={"steps": 0})


def test_the_network_is_small_and_answers_every_pixel() -> None:
    net = ParserNet(FULL).eval()
    assert sum(value.numel() for value in net.parameters()) < 1_500_000
    with torch.inference_mode():
        logits = net(torch.zeros(2, 3, HEIGHT, WIDTH))
    assert logits.noun.shape == (2, len(FULL.nouns) + 1, HEIGHT, WIDTH)
    assert logits.color.shape == (2, len(FULL.colors), HEIGHT, WIDTH)
    assert logits.place.shape == (2, len(FULL.places))
    assert logits.time.shape == (2, len(FULL.times))


def test_frames_of_any_size_are_read() -> None:
    for size in ((128, 224), (HEIGHT, WIDTH), (90, 50)):
        maps = untrained().read(np.zeros((3, *size, 3), np.uint8))
        assert maps.noun.shape == maps.color.shape == (3, HEIGHT, WIDTH)
        assert maps.rgb.shape == (3, HEIGHT, WIDTH, 3)
        assert np.allclose(maps.place.sum(1), 1, atol=1e-5)


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
    assert (again.read(frames).noun == untrained().read(frames).noun).mean() > 0.98  # half precision


@pytest.mark.parametrize("content", [None, b"", b"no weights at all"], ids=["missing", "empty", "damaged"])
def test_bad_weights_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "parser.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"parser\.safetensors"):
        load_parser(path)


@pytest.mark.egl
def test_the_shipped_parser_sees_what_is_there(parser: Parser, renderer: Renderer) -> None:
    """Most facts of true renders hold in its eyes, known and held-out pairs alike (220 of 235 when last measured)."""
    prompts = [
        *test_prompts(parser.vocabulary, held_out=False, count=6, seed=1),
        *test_prompts(parser.vocabulary, held_out=True, count=4, seed=1),
    ]
    clips = {(prompt.caption.text, prompt.seed): render(prompt, renderer, 49) for prompt in prompts}
    tallies = score(lambda text, seed: clips[text, seed], prompts, parser).tallies
    settled = [tallies[name] for name in CATEGORIES if name in tallies]
    assert sum(one.holds for one in settled) >= 0.85 * sum(one.counted for one in settled)


def test_without_a_parser_one_sentence_says_that_it_is_not_trained_yet(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="verifiers of this model are not trained yet"):
        load_parser(tmp_path / "none.safetensors")
