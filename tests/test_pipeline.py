from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ozora import pipeline
from ozora.backends import BACKENDS
from ozora.backends.base import Frames, Stroke
from ozora.backends.maquette import MaquetteBackend
from ozora.edit import extend, read_source, reframe
from ozora.errors import (
    CapabilityError,
    MediaError,
    OutputError,
    PaintingError,
    PolicyError,
    PromptError,
    SizeError,
    UnknownNameError,
    UserError,
)
from ozora.media import read_sound, read_video, write_video
from ozora.perception.check import Check
from ozora.perception.parser import load_parser
from ozora.pipeline import Progress, Take
from ozora.plan import Composition, Finding, Plan, Prompt, Record
from ozora.shapes import VideoShape
from ozora.trust.verify import verify
from tests.edit.clips import make_clip
from tests.model.tiny import make


@pytest.fixture(scope="module", autouse=True)
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A second backend beside the shipped one."""
    BACKENDS["tiny"] = MaquetteBackend(make(tmp_path_factory.mktemp("weights") / "tiny.safetensors"))
    yield "tiny"
    del BACKENDS["tiny"]


def take(**wishes: object) -> Take:
    *_, last = pipeline.run(pipeline.make_plan("a red ball", model="tiny", seed=3, **wishes))  # type: ignore[arg-type]
    assert isinstance(last, Take)
    return last


def test_defaults_are_the_models() -> None:
    plan = pipeline.make_plan("  a red \n ball ", model="tiny")
    assert plan.prompts[0].text == "a red ball"
    assert plan.shape == VideoShape(frames=24, height=64, width=96, fps=Fraction(12))
    assert (plan.sampler.solver, plan.sampler.steps, plan.sampler.guidance) == ("dpm-2m", 10, 1.0)


@pytest.mark.parametrize(("quality", "steps"), [("draft", 6), ("default", 10), ("best", 14)])
def test_a_quality_is_a_number_of_steps(quality: str, steps: int) -> None:
    assert pipeline.make_plan("a red ball", model="tiny", quality=quality).sampler.steps == steps
    assert pipeline.make_plan("a red ball", model="tiny", quality=quality, steps=3).sampler.steps == 3


def test_of_several_takes_the_one_that_shows_most_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeds 3 and 4 show nothing of the two facts, 5 and 6 both."""

    def findings(self: Check) -> tuple[Finding, ...]:
        return tuple(Finding(prompt=0, fact=name, shows=self._plan.seed > 4) for name in ("a ball", "it rolls"))

    monkeypatch.setattr(Check, "findings", findings)
    plan = pipeline.make_plan("a red ball", model="tiny", seed=3, steps=2, seconds="0.5")
    *events, record = pipeline.make(plan, tmp_path / "a.mp4", takes=4)
    assert isinstance(record, Record) and record.plan.seed == 5
    assert "4 takes were painted; kept is the one that shows most of the prompt, of seed 5" in record.notes
    assert json.loads((tmp_path / "a.mp4.json").read_text()) == record.to_dict()
    assert verify(tmp_path / "a.mp4").origin == "signed"
    steps = [event for event in events if isinstance(event, Progress) and event.stage == "paint"]
    assert [(event.done, event.total) for event in steps] == [(n, 8) for n in range(1, 9)]
    assert all(event.save is None for event in steps)
    alone = take(steps=2, seconds="0.5")
    (first,) = (event for event in pipeline.run(plan) if isinstance(event, Take))
    assert first.record.pixels_sha256 == alone.record.pixels_sha256 and len(first.record.findings) == 2
    assert any(note.startswith("not seen: it rolls") for note in first.record.notes)


@pytest.mark.parametrize(("takes", "shape"), [(17, {}), (2, {"seconds": "120", "size": "1080x1920"})])
def test_takes_that_cannot_be_are_refused(takes: int, shape: dict[str, str]) -> None:
    plan = pipeline.make_plan("a red ball", model="tiny", **shape)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="takes") as caught:
        next(iter(pipeline.run(plan, takes=takes)))
    assert caught.value.param == "takes"


def test_without_a_scene_parser_one_paints_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ozora.perception.check.load_parser", lambda: load_parser(Path("none.safetensors")))
    made = take(steps=1, seconds="0")
    assert made.record.findings == ()
    assert any(note.startswith("what was painted is not checked: the scene parser") for note in made.record.notes)


def test_an_unknown_quality_is_refused_by_name() -> None:
    with pytest.raises(UnknownNameError, match="draft, default, best") as caught:
        pipeline.make_plan("a red ball", model="tiny", quality="perfect")
    assert caught.value.param == "quality"


def test_a_run_reports_and_ends_with_its_take() -> None:
    events = list(pipeline.run(pipeline.make_plan("a red ball", model="tiny", seed=1, quality="draft")))
    assert [event.stage for event in events if isinstance(event, Progress)] == [
        "load",
        *["paint"] * 6,
        "decode",
    ]
    assert isinstance(events[-1], Take)
    assert events[-1].frames.shape == (24, 64, 96, 3)


def test_the_record_makes_the_same_pixels_again() -> None:
    first = take()
    again = Plan.from_dict(json.loads(first.record.to_json())["plan"])
    *_, second = pipeline.run(again)
    assert isinstance(second, Take)
    assert second.record.pixels_sha256 == first.record.pixels_sha256
    assert np.array_equal(first.frames, second.frames)


def test_size_rate_and_length_are_as_asked() -> None:
    other = take(size="128x80", fps="24", seconds="0.5")
    assert other.frames.shape == (12, 80, 128, 3)
    assert any("resized" in note for note in other.record.notes)
    assert take(seconds="0").frames.shape == (1, 64, 96, 3)
    assert pipeline.make_plan("a ball", model="tiny", size="9:16").shape.height > 96


def test_an_image_is_the_first_frame(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (250, 10, 10)).save(tmp_path / "red.png")
    given = take(image=tmp_path / "red.png")
    assert not np.array_equal(given.frames, take().frames)
    plan = given.record.plan
    Image.new("RGB", (300, 200), (0, 10, 250)).save(tmp_path / "red.png")
    with pytest.raises(UserError, match="not the file"):
        list(pipeline.run(plan))


def test_given_frames_come_back_untouched(tmp_path: Path) -> None:
    """Extend: what was there is there, bit for bit, and the plan is plain data like any other."""
    path = pipeline.write(take(seconds="1"), tmp_path / "a.mp4")
    composition = extend(read_source(path), after_s=Fraction(1))
    plan = pipeline.make_plan("a red ball", composition=composition, model="tiny", seed=4)
    *_, longer = pipeline.run(Plan.from_dict(json.loads(json.dumps(plan.to_dict()))))
    assert isinstance(longer, Take)
    source = read_video(path)[0]
    assert len(longer.frames) == len(source) + 12
    assert np.array_equal(longer.frames[: len(source)], source)


class FlatBackend(MaquetteBackend):
    """Paints one color."""

    def paint(self, plan: Plan, shape: VideoShape, *_: object, **__: object) -> Iterator[Stroke | Frames]:
        yield np.full((shape.frames, shape.height, shape.width, 3), 77, np.uint8)


@pytest.fixture
def flat(tiny: str) -> Iterator[str]:
    shipped = BACKENDS[tiny]
    assert isinstance(shipped, MaquetteBackend)
    BACKENDS["flat"] = FlatBackend(shipped.weights)
    yield "flat"
    del BACKENDS["flat"]


def test_a_film_of_one_color_is_not_published(flat: str, tmp_path: Path) -> None:
    plan = pipeline.make_plan("a red ball", model=flat, seed=3)
    with pytest.raises(PaintingError, match="one single color"):
        list(pipeline.make(plan, tmp_path / "clip.mp4"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PaintingError, match="another seed"):
        list(pipeline.run(plan))


def test_a_film_that_only_keeps_what_is_given_may_be_of_one_color(flat: str, tmp_path: Path) -> None:
    write_video(np.full((13, 64, 96, 3), 90, np.uint8), Fraction(12), tmp_path / "gray.mp4")
    source = read_source(tmp_path / "gray.mp4")
    composition = Composition(shape=source.shape, conditions=(source.given(frame=0),))
    *_, last = pipeline.run(pipeline.make_plan("a red ball", composition=composition, model=flat, seed=4))
    assert isinstance(last, Take)
    assert len(last.frames) == 13


def test_a_file_and_its_record_are_written(tmp_path: Path) -> None:
    path = pipeline.write(take(), tmp_path / "new" / "clip.mp4")
    frames, fps = read_video(path)
    assert (len(frames), fps) == (24, Fraction(12))
    record = Record.from_dict(json.loads((tmp_path / "new" / "clip.mp4.json").read_text()))
    assert record.plan.seed == 3
    assert len(record.weights_sha256) == 64
    assert record.weights_license == "CC-BY-SA-3.0" and "0 A.D." in record.weights_credit
    assert record.machine["engine"] in ("int8", "bf16", "plain") and int(record.machine["threads"]) >= 1
    assert sorted(item.name for item in path.parent.iterdir()) == ["clip.mp4", "clip.mp4.json"]


@pytest.mark.parametrize(
    ("wishes", "kind", "says"),
    [
        ({"text": ""}, PromptError, "empty"),
        ({"text": " \n\t"}, PromptError, "empty"),
        ({"text": "x" * 5000}, PromptError, "shorten"),
        ({"text": "!!! 123 ???"}, PromptError, "no words"),
        ({"model": "nope"}, UnknownNameError, "there are"),
        ({"seconds": "121"}, SizeError, "out of range"),
        ({"seconds": "-1"}, SizeError, "out of range"),
        ({"seconds": "soon"}, SizeError, "no duration"),
        ({"seconds": "1/0"}, SizeError, "no duration"),
        ({"seconds": "nan"}, SizeError, "no duration"),
        ({"fps": "0"}, SizeError, "frame rate"),
        ({"fps": "1000"}, SizeError, "out of range"),
        ({"size": "huge"}, SizeError, "no size"),
        ({"size": "8x8"}, SizeError, "out of range"),
        ({"size": "99999x2"}, SizeError, "out of range"),
        ({"size": "1:90"}, SizeError, "shape"),
        ({"size": "0:0"}, SizeError, "shape"),
        ({"steps": 0}, UserError, "steps"),
        ({"seed": -1}, UserError, "seed"),
        ({"guidance": float("nan")}, UserError, "guidance"),
        ({"image": Path("missing.png")}, MediaError, "missing.png"),
    ],
)
def test_bad_wishes_say_what_to_change(wishes: dict[str, object], kind: type[UserError], says: str) -> None:
    whole: dict[str, object] = {"text": "a red ball", "model": "tiny", **wishes}
    with pytest.raises(kind, match=says):
        pipeline.make_plan(whole.pop("text"), **whole)  # type: ignore[arg-type]


def test_a_written_file_is_signed_and_known_again(tmp_path: Path) -> None:
    source = pipeline.write(take(seconds="1"), tmp_path / "a.mp4")
    composition = extend(read_source(source), after_s=Fraction(1, 2))
    *_, longer = pipeline.run(pipeline.make_plan("a red ball", composition=composition, model="tiny", seed=4))
    assert isinstance(longer, Take)
    verdict = verify(pipeline.write(longer, tmp_path / "b.mp4"))
    assert verdict.origin == "signed"
    assert verdict.credential is not None
    assert verdict.credential.generation["parents"] == [hashlib.sha256(source.read_bytes()).hexdigest()]
    assert verdict.entry is not None
    assert verdict.entry.record["plan"]["seed"] == 4


def test_what_may_not_be_published_is_not_painted() -> None:
    with pytest.raises(PolicyError, match="change the prompt"):
        next(pipeline.run(pipeline.make_plan("a nude child", model="tiny")))


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        pipeline.write(take(), tmp_path / "clip.xyz")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_made_as_it_is_painted(tmp_path: Path) -> None:
    """The same pixels as a take, and the record in the file's sidecar; nothing is there before the end."""
    plan = pipeline.make_plan("a red ball", model="tiny", seed=3, seconds="5")
    *_, held = pipeline.run(plan)
    assert isinstance(held, Take)
    path = tmp_path / "out" / "a.mp4"
    stages = []
    for event in pipeline.make(plan, path):
        if isinstance(event, Progress):
            stages.append(event.stage)
            assert not path.exists()
    assert isinstance(event, Record)
    assert event.pixels_sha256 == held.record.pixels_sha256
    assert event.timings_s.keys() == {"load", "paint", "decode", "conform", "check", "write"}
    assert stages.count("paint") > 3
    assert len(read_video(path)[0]) == 60
    assert verify(path).origin == "signed"
    assert json.loads(path.with_name("a.mp4.json").read_text()) == event.to_dict()


def test_nothing_is_left_of_a_file_that_is_stopped(tmp_path: Path) -> None:
    plan = pipeline.make_plan("a red ball", model="tiny", seed=3, seconds="5")
    made = pipeline.make(plan, tmp_path / "out" / "a.mp4")
    assert any(isinstance(event, Progress) and event.done > 6 for event in made)
    assert (tmp_path / "out").is_dir()
    del made  # dropped, as by Ctrl-C
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PolicyError):
        next(pipeline.make(replace(plan, prompts=(Prompt(text="a nude child"),)), tmp_path / "a.mp4"))


def test_what_is_not_wanted_is_judged_where_it_would_be_shown(tmp_path: Path) -> None:
    plan = pipeline.make_plan("a red ball", model="tiny", seed=3, steps=2, negative="a nude child", guidance=3.0)
    assert next(pipeline.make(plan, tmp_path / "a.mp4"))
    with pytest.raises(PolicyError):
        next(pipeline.make(replace(plan, sampler=replace(plan.sampler, guidance=0.0)), tmp_path / "a.mp4"))


def test_a_clip_of_another_shape_is_kept_and_surrounded(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    composition = reframe(source, height=96, width=96)
    plan = pipeline.make_plan("a red ball", model="tiny", composition=composition, seed=1)
    *_, made = pipeline.run(plan)
    assert isinstance(made, Take)
    assert np.array_equal(made.frames[:, 16:80], read_video(source.path)[0])
    assert made.frames[:, :8].std() > 0


def test_what_a_backend_cannot_do_is_refused_by_name() -> None:
    plan = pipeline.make_plan("a red ball", model="tiny")
    cut = replace(plan, prompts=(plan.prompts[0], Prompt(text="b", start_s=Fraction(1, 2), enter="cut")))
    with pytest.raises(CapabilityError, match="cannot follow several prompts over time; these can: maquette"):
        pipeline.check(replace(cut, model="wan-2.1-1.3b"), BACKENDS["wan-2.1-1.3b"])


def test_the_sound_of_a_clip_stays_with_its_frames(tmp_path: Path) -> None:
    frames = np.full((12, 64, 96, 3), 90, np.uint8)
    tone = (0.3 * np.sin(np.arange(48_000) * 0.05)).astype(np.float32)[:, None].repeat(2, axis=1)
    write_video(frames, Fraction(12), tmp_path / "a.mp4", sound=tone)
    composition = extend(read_source(tmp_path / "a.mp4"), after_s=Fraction(1))
    *_, longer = pipeline.run(pipeline.make_plan("a red ball", model="tiny", composition=composition, seed=1))
    assert isinstance(longer, Take)
    pipeline.write(longer, tmp_path / "b.mp4")
    heard = read_sound(tmp_path / "b.mp4")
    assert heard is not None
    assert np.abs(heard[12_000:36_000]).max() > 0.2 and np.abs(heard[54_000:90_000]).max() < 0.02
    pipeline.write(longer, tmp_path / "b.gif")
    assert take().sound is None


def test_first_and_then_share_the_time() -> None:
    first, then = pipeline.make_plan("first a red ball rolls left, then it jumps", model="tiny", seconds="2").prompts
    assert (first.text, first.start_s, first.end_s) == ("a red ball rolls to the left", Fraction(0), Fraction(1))
    assert (then.text, then.start_s, then.end_s) == ("a red ball jumps", Fraction(1), None)
    assert len(pipeline.make_plan("a dog runs left, then it jumps", model="wan-2.1-1.3b").prompts) == 1


@pytest.mark.parametrize("text", ["a red ball\x1b[2K", "a \u202ered ball", "a red\x00 ball", "a ball\x9b1m"])
def test_a_prompt_with_control_characters_is_refused(text: str) -> None:
    with pytest.raises(PromptError, match="control character"):
        pipeline.make_plan(text)
    plan = pipeline.make_plan("a red ball")
    forged = replace(plan, prompts=(replace(plan.prompts[0], text=text),))
    with pytest.raises(PromptError, match="control character"):
        pipeline.check(forged, BACKENDS[plan.model])


def test_line_breaks_and_letters_of_any_script_are_prompts() -> None:
    assert pipeline.make_plan("a red\n\tball").prompts[0].text == "a red ball"
    assert pipeline.make_plan("a red ball, 大空, مرحبا 👩‍👧").prompts
