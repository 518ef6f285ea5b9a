from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.cli.commands import app, call
from ozora.cli.edit import VERBS
from ozora.media import read_video
from ozora.plan import Plan, is_kept
from tests.edit.clips import make_clip


@pytest.mark.parametrize("verb", VERBS)
def test_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(app, [verb, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: ozora {verb}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["extend", "none.mp4", "a ball", "-o", "b.mp4"], "does not exist"),
        (["extend", "a.mp4", "a ball", "-o", "b.mp4", "--seconds", "soon"], "no duration"),
        (["extend", "a.mp4", "a ball", "-o", "b.mp4", "--seconds", "0"], "nothing to add"),
        (["connect", "a.mp4", "none.mp4", "a ball", "-o", "b.mp4"], "does not exist"),
        (["loop", "a.mp4", "a ball", "-o", "b.mp4", "--seconds", "500"], "up to 120 seconds"),
        (["loop", "a.mp4", "", "-o", "b.mp4"], "prompt is empty"),
        (["extend", "a.mp4", "a ball", "-o", "b.mp4", "--model", "wan-2.1-1.3b"], "these can: maquette"),
        (["extend", "a.mp4", "-o", "b.mp4"], "there is no prompt"),
        (["remix", "a.mp4", "a ball", "--strength", "much"], "'much' is no strength"),
        (["remix", "a.mp4", "a ball", "--strength", "1.5"], "out of range"),
        (["edit", "a.mp4", "a ball"], "no region to edit"),
        (["edit", "a.mp4", "a ball", "--box", "0,0,1"], "left, top, right, bottom"),
        (["edit", "a.mp4", "a ball", "--thing", "joy"], "names no thing"),
        (["reframe", "a.mp4", "a ball", "--size", "3:2"], "has the shape of the clip"),
        (["blend", "a.mp4", "a.mp4", "a ball", "--curve", "0:1 0:2"], "pairs of time and influence"),
        (["recut", "a ball", "--keep", "a.mp4"], "is no piece"),
        (["recut", "a ball", "--keep", "a.mp4#5-6@0"], "no piece from 5 s"),
        (["keyframes", "a ball", "--at", "first.png"], "is no keyframe"),
        (["keyframes", "a ball", "--at", "0=first.png", "--at", "0.0=last.png"], "two keyframes fall on"),
        (["storyboard", "none.yaml"], "cannot be read"),
        (["restyle", "a.mp4", "at night"], "there is no prompt"),
    ],
)
def test_a_bad_wish_is_one_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "a.mp4", 13)
    assert call(app, arguments) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert shown.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_extend_makes_a_longer_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(tmp_path / "a.mp4", 13)
    out = tmp_path / "b.mp4"
    words = [
        "extend",
        str(tmp_path / "a.mp4"),
        "a red ball",
        "-o",
        str(out),
        "--seconds",
        "1",
        "--steps",
        "1",
        "--json",
    ]
    assert call(app, words) == 0
    record = json.loads(capsys.readouterr().out)["record"]
    assert record["plan"]["conditions"][0]["kind"] == "clip"
    frames, fps = read_video(out)
    assert (len(frames), fps) == (25, Fraction(12))
    source, _ = read_video(tmp_path / "a.mp4")
    assert np.abs(frames[:13].astype(int) - source).mean() < 3, "only the compression differs"


def test_a_plan_is_printed_and_paints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(tmp_path / "a.mp4", 13)
    words = ["plan", "recut", "a red ball", "--keep", f"{tmp_path / 'a.mp4'}#0-1@2", "--seed", "5"]
    assert call(app, words) == 0
    plan = Plan.from_dict(json.loads(capsys.readouterr().out))
    assert (
        plan.seed == 5 and [item.frame for item in plan.conditions if is_kept(item)] == [24] and plan.shape.frames == 36
    )
    assert call(app, [*words, "-o", str(tmp_path / "plan.json")]) == 0
    assert Plan.from_dict(json.loads((tmp_path / "plan.json").read_text())) == plan
    assert call(app, ["plan", "generate", "a red ball", "--seconds", "1", "--seed", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"]["frames"] == 12


@pytest.mark.parametrize("verb", ["connect", "blend"])
def test_what_becomes_of_a_second_clip_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    make_clip(tmp_path / "a.mp4", 13)
    make_clip(tmp_path / "b.mp4", 26, fps=Fraction(24), height=96, width=64)
    words = ["plan", verb, str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"), "a red ball"]
    assert call(app, words) == 0
    said = capsys.readouterr().err
    assert "b.mp4: 64x96 at 24 frames a second is brought to 96x64 at 12 frames a second, its middle cut" in said
    assert call(app, ["plan", verb, words[2], words[2], "a red ball"]) == 0
    assert capsys.readouterr().err == ""


def test_the_prompt_of_a_clip_is_in_the_record_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = str(tmp_path / "a.mp4")
    assert call(app, ["generate", "a red ball in a meadow", "-o", clip, "--seconds", "0.5", "--steps", "1", "-q"]) == 0
    capsys.readouterr()
    assert call(app, ["plan", "extend", clip, "--seconds", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["prompts"][0]["text"] == "a red ball in a meadow"
    assert call(app, ["plan", "restyle", clip, "at night in the snow"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["prompts"][0]["text"] == "a red ball in the snow at night"
    assert plan["conditions"][0]["strength"] == "4/5"
