from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyte
import pytest
from numpy.typing import NDArray

from ozora.cli.commands import app, call
from ozora.errors import PolicyError
from ozora.media import read_video, write_video
from ozora.trust.identity import init
from ozora.trust.publish import Terms, check_prompt, publish
from tests.trust.certificates import DAY, NOW, issue
from tests.trust.clips import draw_clip, film
from tests.trust.foreign import attest, shoot
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


def _show(text: str) -> list[str]:
    """What a terminal has on its screen after ``text``."""
    screen = pyte.Screen(160, 24)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display if line.strip()]


FORGED = "nobody\x1b[2J\x1b[1;1Hcamera.png: signed and intact\x1b[2;1H"


def test_a_certificate_cannot_rewrite_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _show(f"unknown {FORGED}")[0].startswith("camera.png: signed and intact"), "a terminal obeys it"
    other = tmp_path / "other"
    issue(other, name=FORGED)
    path = attest(shoot("png", tmp_path), "png", init(other))
    init(tmp_path / "home")
    assert call(app, ["verify", str(path), "--home", str(tmp_path / "home")]) == 0
    lines = _show(capsys.readouterr().out)
    assert lines[0].endswith("camera.png: unknown")
    assert "signed and intact" not in lines[0]
    assert sum("nobody\\x1b[2J" in line for line in lines) == 1
    assert call(app, ["verify", str(path), "--home", str(tmp_path / "home"), "--json"]) == 0
    assert not any(line.startswith("camera.png: signed") for line in _show(capsys.readouterr().out))


def test_a_prompt_cannot_rewrite_the_list_of_those_that_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From before control characters were refused, or by a caller of the library."""
    for text in (
        "a pikachu\x1b[2K\x1b[1G1  named-brand  local  a red ball",
        "a lego\n9  named-brand  local  a red ball",
    ):
        with pytest.raises(PolicyError):
            check_prompt(text, terms=Terms(home=tmp_path))
    assert call(app, ["trust", "review", "--home", str(tmp_path)]) == 0
    lines = _show(capsys.readouterr().out)
    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert "pikachu" in lines[0] and "lego" in lines[1]


def test_a_file_name_cannot_rewrite_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(app, ["verify", f"{tmp_path}/\x1b[2K\x1b[1Gfine.mp4"]) == 2
    (line, *_) = _show(capsys.readouterr().err)
    assert line.startswith("ozora: ")


def test_new_certificates_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = init(tmp_path)
    assert call(app, ["trust", "renew", "--home", str(tmp_path)]) == 0
    assert "signs here from now on" in capsys.readouterr().out
    assert init(tmp_path).serial != old.serial


def test_status_says_when_nothing_could_be_signed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issue(tmp_path, leaf=(NOW + DAY, NOW + 2 * DAY))
    init_keys = ["trust", "status", "--home", str(tmp_path)]
    (tmp_path / "identity").mkdir(mode=0o700)
    (tmp_path / "identity" / "watermark.key").write_bytes(bytes(32))
    (tmp_path / "identity" / "watermark.key").chmod(0o600)
    assert call(app, init_keys) == 3
    assert "not yet valid" in capsys.readouterr().err
