from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.cli.commands import app, call
from ozora.media import read_video
from tests.edit.clips import make_clip


@pytest.mark.parametrize("verb", ["extend", "connect", "loop"])
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
