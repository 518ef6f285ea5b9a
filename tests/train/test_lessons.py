from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ozora.errors import RendererError
from ozora.language.cast import CAST
from ozora.language.vocabulary import FULL, SMALL, is_held_out
from ozora.model.autoencoder import Autoencoder
from ozora.perception.parser import HEIGHT, WIDTH
from ozora.stage.opengl import context
from ozora.train.lessons import LessonPhase, fill, read_lessons, render_lessons, varied_scene
from tests.model.tiny import CONFIG

PHASE = LessonPhase(count=4, decoded=0)


@pytest.fixture
def stage() -> None:
    try:
        context()
    except RendererError as error:
        pytest.skip(str(error))


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


@pytest.mark.egl
@pytest.mark.usefixtures("stage")
def test_lessons_are_kept_on_disk_and_made_once(tmp_path: Path) -> None:
    assert list(fill(tmp_path, SMALL, PHASE, None, workers=0)) == [4]
    assert list(fill(tmp_path, SMALL, PHASE, None, workers=0)) == []
    lessons = read_lessons(tmp_path)
    assert lessons.rgb.shape == (4, HEIGHT, WIDTH, 3) and lessons.noun.shape == (4, HEIGHT // 2, WIDTH // 2)
    fresh = render_lessons(SMALL, range(PHASE.first_seed, PHASE.first_seed + 4), PHASE, None)
    assert torch.equal(fresh.rgb, lessons.rgb) and torch.equal(fresh.color, lessons.color)
    assert not lessons.decoded.any()


@pytest.mark.egl
@pytest.mark.usefixtures("stage")
def test_some_lessons_went_through_the_autoencoder() -> None:
    phase = LessonPhase(count=2, decoded=2, height=128, width=224)
    seeds = range(phase.first_seed, phase.first_seed + 2)
    lessons = render_lessons(SMALL, seeds, phase, Autoencoder(CONFIG.autoencoder).eval())
    assert lessons.decoded.tolist() == [True, False]
    assert lessons.noun[0].any(), "its truth is that of the scene"
