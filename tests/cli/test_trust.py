from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.cli.commands import app, call
from ozora.errors import PolicyError
from ozora.media import read_video, write_video
from ozora.trust.publish import Terms, check_prompt, publish
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD


def _write(frames: NDArray[np.uint8], path: Path) -> None:
    write_video(frames, Fraction(12), path)


def test_a_file_is_published_and_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    entry = publish(draw_clip(0), RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    assert call(app, ["verify", str(tmp_path / "a.mp4"), "--home", str(home)]) == 0
    shown = capsys.readouterr().out
    assert "a.mp4: signed and intact\n" in shown
    assert "prompt: a red ball rolls left" in shown
    assert "seed 7" in shown
    _write(read_video(tmp_path / "a.mp4")[0][:, :, ::-1], tmp_path / "b.mp4")
    assert call(app, ["verify", str(tmp_path / "b.mp4"), "--home", str(home)]) == 0
    shown = capsys.readouterr().out
    assert "ours, without its signature" in shown
    assert f"watermark: {entry.payload:08x}, strength 0." in shown
    assert "mirrored" in shown
    assert call(app, ["verify", str(tmp_path / "b.mp4"), "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["watermark"]["mirrored"] is True


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(app, ["verify", str(tmp_path / "a.mp4"), "--home", str(tmp_path)]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_init_and_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--home", str(tmp_path)]
    assert call(app, ["trust", "status", *place]) == 3
    assert "ozora trust init" in capsys.readouterr().err
    assert call(app, ["trust", "init", *place]) == 0
    assert "signs here" in capsys.readouterr().out
    assert call(app, ["trust", "status", *place]) == 0
    assert "log: whole" in capsys.readouterr().out
    assert call(app, ["trust", "status", "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)["published"] == 0


def test_a_person_answers_what_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--home", str(tmp_path)]
    with pytest.raises(PolicyError):
        check_prompt("a pikachu", terms=Terms(home=tmp_path))
    assert call(app, ["trust", "review", *place]) == 0
    assert capsys.readouterr().out == "1  named-character  default  a pikachu\n"
    assert call(app, ["trust", "review", "--approve", "1", *place]) == 0
    check_prompt("a pikachu", terms=Terms(home=tmp_path))
    assert call(app, ["trust", "review", "--refuse", "9", *place]) == 2
