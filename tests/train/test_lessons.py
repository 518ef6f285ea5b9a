from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ozora.evaluate.lessons import render_lessons, train_parser, true_maps, varied_scene, worsen
from ozora.perception.parser import HEIGHT, WIDTH, load_parser
from ozora.language.cast import CAST
from ozora.language.vocabulary import FULL, SMALL, is_held_out
from ozora.stage.renderer import Renderer
from ozora.stage.scene import Scene, Thing


def test_lessons_show_held_out_pairs_too() -> None:
    things = [thing for seed in range(200) for thing in varied_scene(seed, SMALL).things]
    assert any(is_held_out("color noun", thing.color, thing.noun) for thing in things)
    assert any(is_held_out("noun motion", thing.noun, thing.motion.kind) for thing in things)


def test_the_cast_keeps_its_nature() -> None:
    things = [thing for seed in range(300) for thing in varied_scene(seed, FULL).things if thing.noun in CAST]
    assert not any(thing.color for thing in things if not CAST[thing.noun].dyed), "fur is not dyed"
    still = [thing for thing in things if not CAST[thing.noun].moves]
    assert still and not any(thing.motion.kind in ("left", "right", "toward", "away") for thing in still)
    assert any(thing.color for thing in things) and any(thing.motion.kind == "left" for thing in things)


def test_the_same_seed_gives_the_same_scene() -> None:
    assert varied_scene(5, SMALL) == varied_scene(5, SMALL)


def test_worse_pictures_stay_pictures() -> None:
    picture = torch.rand(8, 3, HEIGHT, WIDTH) * 2 - 1
    worse = worsen(picture, torch.Generator().manual_seed(0))
    assert worse.shape == picture.shape
    assert worse.min() >= -1 and worse.max() <= 1
    assert 0.01 < (worse - picture).abs().mean() < 0.5


@pytest.mark.egl
def test_truth_lies_where_the_thing_is(renderer: Renderer) -> None:
    scene = Scene(
        things=(Thing(noun="cube", color="red", x=-1.5), Thing(noun="ball", color="blue", x=1.5)), place="snow"
    )
    maps = true_maps(renderer, scene, np.zeros(1), SMALL)
    cube, ball = (maps.noun[0] == 1 + SMALL.nouns.index(noun) for noun in ("cube", "ball"))
    assert np.nonzero(cube)[1].max() < WIDTH / 2 < np.nonzero(ball)[1].min()
    assert set(np.unique(maps.color[0][ball])) == {SMALL.colors.index("blue")}
    red, green, blue = maps.rgb[0][ball].mean(0)
    assert blue > red and blue > green
    assert SMALL.places[int(maps.place[0].argmax())] == "snow"


@pytest.mark.egl
def test_training_learns_and_repeats(renderer: Renderer, tmp_path: Path) -> None:
    del renderer
    lessons = render_lessons(SMALL, 4)
    losses: list[float] = []
    path = tmp_path / "parser.safetensors"
    train_parser(SMALL, path, 16, lessons=lessons, batch=4, tell=lambda _, loss: losses.append(loss))
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])
    train_parser(SMALL, path, 2, lessons=lessons, batch=2)
    first = load_parser(path).net.state_dict()
    train_parser(SMALL, path, 2, lessons=lessons, batch=2)
    for name, value in load_parser(path).net.state_dict().items():
        assert torch.equal(value, first[name])
