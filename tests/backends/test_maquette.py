from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from ozora.backends import maquette
from ozora.backends.base import Frames, Stroke
from ozora.backends.maquette import MaquetteBackend
from ozora.edit.given import Given, Reference
from ozora.errors import PaintingError, SizeError, SnapshotError, WeightsError
from ozora.model import autoencoder
from ozora.model.engine import PlainEngine
from ozora.plan import Plan, Prompt, ReferenceCondition, Sampler
from ozora.shapes import VideoShape
from tests.model.tiny import make


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> MaquetteBackend:
    return MaquetteBackend(make(tmp_path_factory.mktemp("weights") / "tiny.safetensors"))


def plan(frames: int = 12, text: str = "a red ball", seed: int = 1) -> Plan:
    shape = VideoShape(frames=frames, height=64, width=96, fps=Fraction(12))
    sampler = Sampler(solver="dpm-2m", steps=4, guidance=1.0)
    return Plan(prompts=(Prompt(text=text),), shape=shape, model="maquette", seed=seed, sampler=sampler)


def paint(backend: MaquetteBackend, plan: Plan, *given: Given) -> np.ndarray:
    return whole(backend.paint(plan, backend.native(plan.shape), given, preview=False))


def whole(items: Iterable[Stroke | np.ndarray]) -> np.ndarray:
    """All pieces of a painting."""
    return np.concatenate([item for item in items if isinstance(item, np.ndarray)])


def test_native_is_the_smallest_canvas_that_holds_the_wish(backend: MaquetteBackend) -> None:
    assert backend.native(plan(12).shape).frames == 13
    assert backend.native(plan(9).shape).frames == 9
    assert backend.native(plan(1).shape).frames == 1


def test_too_long_is_refused(backend: MaquetteBackend) -> None:
    with pytest.raises(SizeError, match="up to 120 seconds"):
        backend.native(plan(1500).shape)


def test_same_seed_same_pixels_and_other_seed_other_pixels(backend: MaquetteBackend) -> None:
    first, again, other = paint(backend, plan()), paint(backend, plan()), paint(backend, plan(seed=2))
    assert first.shape == (13, 64, 96, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("solver", ["dpm-2m", "euler", "heun"])
def test_painting_goes_on_from_a_snapshot_to_the_same_pixels(backend: MaquetteBackend, solver: str) -> None:
    wish = replace(plan(), sampler=Sampler(solver=solver, steps=6, guidance=2.0))
    shape, snapshots = backend.native(wish.shape), []
    for stroke in backend.paint(wish, shape, (), preview=True):
        if isinstance(stroke, Stroke) and stroke.save is not None:
            snapshots.append(stroke.save())
    assert len(snapshots) == 6
    undisturbed = paint(backend, wish)
    for snapshot in snapshots:
        *strokes, frames = backend.paint(wish, shape, (), preview=False, resume=snapshot)
        assert isinstance(frames, np.ndarray)
        assert np.array_equal(frames, undisturbed)
    assert [stroke.stage for stroke in strokes if isinstance(stroke, Stroke)] == ["decode"]
    with pytest.raises(SnapshotError, match="another plan"):
        list(backend.paint(plan(seed=2), shape, (), preview=False, resume=snapshots[0]))


def nearly(one: Frames, other: Frames) -> bool:
    """The same, but for what the pictures of a latent frame take from those beside it."""
    return bool(np.abs(one.astype(int) - other).mean() < 0.1)


def test_the_prompt_matters(backend: MaquetteBackend) -> None:
    assert not np.array_equal(paint(backend, plan()), paint(backend, plan(text="a blue cube")))


def test_what_is_not_wanted_changes_the_clip(backend: MaquetteBackend) -> None:
    guided = replace(plan(), sampler=Sampler(solver="dpm-2m", steps=4, guidance=2.0))
    other = replace(guided, negative="a blue cube")
    assert not np.array_equal(paint(backend, guided), paint(backend, other))


def test_a_given_image_changes_the_whole_clip(backend: MaquetteBackend) -> None:
    image = np.full((1, 64, 96, 3), 200, np.uint8)
    given, free = paint(backend, plan(), Given(frame=0, pictures=image)), paint(backend, plan())
    assert not np.array_equal(given[0], free[0])
    assert not np.array_equal(given[-1], free[-1])


def test_given_frames_anywhere_stay_and_change_the_rest(backend: MaquetteBackend) -> None:
    """All four frames of a group make it known; it comes back as the autoencoder's copy, whatever the noise: but for a
    little of what is beside it."""
    run = np.full((8, 64, 96, 3), 200, np.uint8)
    free, given, other = (
        paint(backend, plan()),
        paint(backend, plan(), Given(frame=5, pictures=run)),
        paint(backend, plan(seed=2), Given(frame=5, pictures=run)),
    )
    assert nearly(given[9:], other[9:])
    assert not np.array_equal(given[:5], free[:5]) and not nearly(given[9:], free[9:])
    part = paint(backend, plan(), Given(frame=6, pictures=run[:2]))
    assert np.array_equal(part, free), "half a group is not known to the canvas"


def test_a_region_is_painted_and_the_rest_stays(backend: MaquetteBackend) -> None:
    run, known = np.full((13, 64, 96, 3), 200, np.uint8), np.ones((13, 64, 96), bool)
    known[:, 33:63, 40:60] = False  # the tokens of the lower middle
    given = Given(frame=0, pictures=run, known=known)
    one, two = paint(backend, plan(), given), paint(backend, plan(seed=2), given)
    assert np.abs(one[:, :16, :24].astype(int) - two[:, :16, :24]).max() < 30, "known tokens decode alike"
    assert not np.array_equal(one[:, 36:60, 44:56], two[:, 36:60, 44:56])
    assert not np.array_equal(one, paint(backend, plan()))


def test_a_shot_knows_nothing_of_the_one_before(backend: MaquetteBackend) -> None:
    second = Prompt(text="a blue cube", start_s=Fraction(2), enter="cut")
    red, blue = (
        replace(plan(60), prompts=(Prompt(text=text, end_s=Fraction(2)), second)) for text in ("a red ball", "a cone")
    )
    one, other = paint(backend, red), paint(backend, blue)
    assert one.shape == (61, 64, 96, 3)
    assert not np.array_equal(one[:24], other[:24])
    assert np.array_equal(one[24:], other[24:])
    held = replace(red, prompts=(red.prompts[0], replace(second, enter="")))
    assert not np.array_equal(one[24:], paint(backend, held)[24:])


def test_a_thing_of_two_shots_is_shown_to_the_second(backend: MaquetteBackend) -> None:
    """Another seed of the first shot, another second shot, where both speak of the ball; and only there."""

    def second(*texts: str) -> np.ndarray:
        """The second shot where the first is, in the end, that of another picture."""
        first, then = texts
        prompts = (Prompt(text=first, end_s=Fraction(1)), Prompt(text=then, start_s=Fraction(1), enter="cut"))
        return paint(backend, replace(plan(24), prompts=prompts))[12:]

    same, other = "a red ball in the snow", "a blue cube in the snow"
    assert not np.array_equal(second("a red ball", same), second("a red ball at night", same))
    assert np.array_equal(second("a red ball", other), second("a red ball at night", other))


def test_a_picture_shows_how_a_thing_looks_while_it_holds(backend: MaquetteBackend) -> None:
    shown, wish = backend, plan(24)
    cuts = (Prompt(text="a red ball", end_s=Fraction(1)), Prompt(text="a tree", start_s=Fraction(1), enter="cut"))
    wish = replace(wish, prompts=cuts)
    shape = shown.native(wish.shape)
    plain = paint(shown, wish)

    def with_picture(gray: int, start_s: int) -> np.ndarray:
        reference = Reference(picture=np.full((64, 96, 3), gray, np.uint8), start_s=Fraction(start_s))
        return whole(shown.paint(wish, shape, (), references=(reference,), preview=False))

    dark, late = with_picture(20, 0), with_picture(20, 1)
    assert not np.array_equal(dark[:12], plain[:12])
    assert not np.array_equal(dark[:12], with_picture(220, 0)[:12])
    assert np.array_equal(late[:12], plain[:12]) and not np.array_equal(late[12:], plain[12:])
    assert "references" in shown.capabilities.conditions


def test_two_pictures_at_one_time_are_spoken_of(backend: MaquetteBackend) -> None:
    items = tuple(ReferenceCondition(path=name, sha256="0" * 64) for name in ("a.png", "b.png"))
    assert "one reference at a time" in backend.notes(replace(plan(), conditions=items))[-1]


def test_the_windows_of_a_long_clip_are_shown_its_beginning(backend: MaquetteBackend) -> None:
    """Not when they speak of something else."""
    whole_clip = plan(60)
    first, then = Prompt(text="a red ball", end_s=Fraction(4)), Prompt(text="a blue cube", start_s=Fraction(4))
    other_first = replace(first, text="a red ball at night")
    one, other = (paint(backend, replace(whole_clip, prompts=(start, then))) for start in (first, other_first))
    assert not np.array_equal(one[:40], other[:40])
    items = backend.paint(whole_clip, backend.native(whole_clip.shape), (), preview=True)
    saved = [item.save() for item in items if isinstance(item, Stroke) and item.save is not None]
    again = backend.paint(whole_clip, backend.native(whole_clip.shape), (), preview=False, resume=saved[7])
    assert np.array_equal(whole(again), paint(backend, whole_clip))


def test_a_prompt_in_the_middle_of_a_window_has_its_time(backend: MaquetteBackend) -> None:
    one, two = Prompt(text="a red ball", end_s=Fraction(1, 2)), Prompt(text="a blue cube", start_s=Fraction(1, 2))
    red, changed = paint(backend, plan()), paint(backend, replace(plan(), prompts=(one, two)))
    assert np.array_equal(red[:1], changed[:1])
    assert not np.array_equal(red[7:], changed[7:])


def test_a_long_clip_is_painted_window_by_window(backend: MaquetteBackend) -> None:
    wish = plan(60)
    shape = backend.native(wish.shape)
    assert shape.frames == 61
    items = list(backend.paint(wish, shape, (), preview=False))
    strokes = [item for item in items if isinstance(item, Stroke)]
    frames, steps = whole(items), strokes[0].total
    assert frames.shape == (61, 64, 96, 3)
    assert steps > wish.sampler.steps
    assert [stroke.done for stroke in strokes if stroke.stage == "paint"] == list(range(1, steps + 1))
    for number in range(0, steps, max(1, steps // 4)):
        paused = backend.paint(wish, shape, (), preview=False)
        save = next(item.save for item in paused if isinstance(item, Stroke) and item.done == number + 1)
        assert save is not None
        assert np.array_equal(whole(backend.paint(wish, shape, (), preview=False, resume=save())), frames)


def test_frames_come_while_the_rest_is_painted(backend: MaquetteBackend) -> None:
    """The first pieces are there before the last windows are begun."""
    wish = plan(60)
    items = list(backend.paint(wish, backend.native(wish.shape), (), preview=False))
    kinds = ["frames" if isinstance(item, np.ndarray) else item.stage for item in items]
    first = kinds.index("frames")
    assert kinds[first:].count("paint") >= 2 * wish.sampler.steps
    assert set(kinds[kinds.index("decode") + 1 :]) == {"frames"}


def test_prompts_hold_in_their_time(backend: MaquetteBackend) -> None:
    one, two = Prompt(text="a red ball", end_s=Fraction(2)), Prompt(text="a blue cube", start_s=Fraction(2))
    wish = plan(60)
    red = paint(backend, wish)
    changed = paint(backend, replace(wish, prompts=(one, two)))
    assert np.array_equal(red[:13], changed[:13])
    assert not np.array_equal(red[40:], changed[40:])


def test_strokes_come_in_order(backend: MaquetteBackend) -> None:
    strokes = [
        item
        for item in backend.paint(plan(), backend.native(plan().shape), (), preview=True)
        if isinstance(item, Stroke)
    ]
    assert [(stroke.stage, stroke.done) for stroke in strokes] == [
        ("paint", 1),
        ("paint", 2),
        ("paint", 3),
        ("paint", 4),
        ("decode", 1),
    ]
    preview = strokes[1].preview
    assert preview is not None
    assert preview.shape == (64, 96, 3)


def test_unknown_words_are_named(backend: MaquetteBackend) -> None:
    said = " ".join(backend.notes(plan(text="a woman in Tokyo")))
    assert "woman" in said
    assert "tokyo" in said.lower()
    assert "wan-2.2" in said
    assert backend.notes(plan(text="a red ball rolls left in a meadow by day")) == ()
    assert backend.notes(plan(text="a red ball rolls left")) == (
        "no place or time is given: painted in a meadow by day",
    )


def test_a_latent_frame_is_as_long_as_the_autoencoder_says() -> None:
    assert maquette.TIME == autoencoder.TIME


def test_missing_weights_are_listed_as_not_installed(tmp_path: Path) -> None:
    absent = MaquetteBackend(tmp_path / "none.safetensors")
    assert not absent.capabilities.installed
    with pytest.raises(WeightsError):
        absent.load()


def test_the_ancestral_solver_goes_on_to_the_same_pixels(backend: MaquetteBackend) -> None:
    wish = replace(plan(30), sampler=Sampler(solver="ancestral", steps=4, guidance=2.0))
    shape, run = backend.native(wish.shape), np.full((9, 64, 96, 3), 200, np.uint8)
    given = (Given(frame=0, pictures=run),)
    snapshots, pieces = [], []
    for item in backend.paint(wish, shape, given, preview=False):
        if isinstance(item, Stroke):
            snapshots.append(item.save() if item.save else b"")
        else:
            pieces.append(item)
    frames = np.concatenate(pieces)
    assert np.array_equal(whole(backend.paint(wish, shape, given, preview=False, resume=snapshots[3])), frames)
    kept = paint(backend, replace(wish, seed=2), *given)
    assert np.array_equal(kept[0], frames[0]) and nearly(kept[:5], frames[:5]), "what is known stays"
    assert not np.array_equal(kept[10:], frames[10:])


THOROUGH = replace(plan(), sampler=Sampler(solver="dpm-2m", steps=8, guidance=1.0))
"""Five steps for the layout, three for the picture, and up to three layouts."""


def test_a_layout_that_does_not_show_the_prompt_is_sampled_again(backend: MaquetteBackend) -> None:
    """Random weights never set up a ball, so all candidates are taken; each state can be gone on from."""
    strokes = list(backend.paint(THOROUGH, backend.native(THOROUGH.shape), (), preview=False))
    painting = [item for item in strokes if isinstance(item, Stroke) and item.stage == "paint"]
    assert [item.done for item in painting] == [1, 2, 3, 4] + [5] * 11 + [6, 7, 8], (
        "progress waits, and never goes back"
    )
    frames = whole(strokes)
    for item in painting[::3]:
        assert item.save is not None
        again = backend.paint(THOROUGH, backend.native(THOROUGH.shape), (), preview=False, resume=item.save())
        assert np.array_equal(whole(again), frames)


def test_a_draft_takes_the_first_layout(backend: MaquetteBackend) -> None:
    draft = replace(plan(), sampler=Sampler(solver="dpm-2m", steps=6, guidance=1.0))
    strokes = backend.paint(draft, backend.native(draft.shape), (), preview=False)
    assert sum(isinstance(item, Stroke) and item.stage == "paint" for item in strokes) == 6


def test_a_layout_is_scored_where_something_is_painted_into_pictures_and_not_where_all_is_given(
    backend: MaquetteBackend,
) -> None:
    pictures = np.full((13, 64, 96, 3), 90, np.uint8)
    upper = np.zeros((13, 64, 96), bool)
    upper[:, :32] = True

    def steps(*given: Given) -> int:
        strokes = backend.paint(THOROUGH, backend.native(THOROUGH.shape), given, preview=False)
        return sum(isinstance(item, Stroke) and item.stage == "paint" for item in strokes)

    assert steps(Given(frame=0, pictures=pictures, known=upper)) == 3 * 5 + 3
    assert steps(Given(frame=0, pictures=pictures[:9])) == 8
    assert steps(Given(frame=0, pictures=pictures[:1])) == 3 * 5 + 3, "a first picture decides nothing yet"


@pytest.mark.parametrize(
    ("size", "native"),
    [
        ((64, 96), (64, 96)),
        ((1280, 720), (96, 54)),
        ((720, 720), (64, 64)),
        ((900, 300), (96, 32)),
        ((100, 300), (32, 96)),
        ((16, 16), (64, 64)),
    ],
)
def test_any_shape_is_painted_as_large_as_it_fits_the_trained_one(
    backend: MaquetteBackend, size: tuple[int, int], native: tuple[int, int]
) -> None:
    wish = plan(9)
    wish = replace(wish, shape=replace(wish.shape, height=size[0], width=size[1]))
    shape = backend.native(wish.shape)
    assert (shape.height, shape.width) == native
    assert paint(backend, wish).shape == (9, *native, 3)


def test_painting_stops_at_the_first_number_that_is_none(tmp_path: Path) -> None:
    broken = MaquetteBackend(make(tmp_path / "tiny.safetensors"))
    broken.load()
    assert broken._bundle is not None
    with torch.no_grad():
        for value in broken._bundle.model.denoiser.parameters():
            value.fill_(float("nan"))
    broken._engine = PlainEngine(broken._bundle.model)
    with pytest.raises(PaintingError, match="not finite"):
        next(broken.paint(plan(), broken.native(plan().shape), (), preview=False))


def test_the_record_names_the_weights_that_were_loaded(tmp_path: Path) -> None:
    """Whoever replaces the files while the model is loaded does not change what paints."""
    path = make(tmp_path / "tiny.safetensors")
    loaded = MaquetteBackend(path)
    loaded.load()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    card = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps({**card, "sha256": "0" * 64}))
    assert loaded.weights_sha256 == sha256
