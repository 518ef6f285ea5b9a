from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.cli.commands import app, call
from ozora.media import read_video, write_video
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.scene import Scene, Thing
from ozora.trust.publish import publish
from ozora.trust.verify import verify
from tests.handover.clips import make_finished
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD


def _published(path: Path) -> int:
    return publish(draw_clip(0), RECORD, path, open=film).payload


def test_a_published_clip_is_handed_over_signed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    payload = _published(tmp_path / "a.mp4")
    out = tmp_path / "out"
    assert call(app, ["export", str(tmp_path / "a.mp4"), "--for", "resolve", "-o", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [Path(path).name for path in shown["files"]] == [
        "timeline.otio",
        "timeline.xml",
        "a.mov",
        "captions.srt",
        "captions.vtt",
    ]
    verdict = verify(out / "media" / "a.mov")
    assert verdict.entry is not None
    assert verdict.entry.payload == payload


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--for", "vegas"], "not one of 'resolve'"),
        (["--for", "edl", "--media", "exr"], "no numbered pictures"),
        (["--for", "otio", "--timecode", "noon"], "is no timecode"),
    ],
)
def test_a_bad_wish_is_one_line(
    tmp_path: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_finished(tmp_path / "a.mp4", frames=3)
    assert call(app, ["export", str(path), *arguments, "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert says in said
    assert not (tmp_path / "out").exists()


def test_a_larger_clip_is_signed_with_its_parent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    payload = _published(tmp_path / "a.mp4")
    path = tmp_path / "b.mp4"
    height, width = draw_clip(0).shape[1:3]
    assert call(app, ["upscale", str(tmp_path / "a.mp4"), "-o", str(path), "--size", f"{2 * width}x{2 * height}"]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    verdict = verify(path)
    assert verdict.entry is not None
    assert verdict.entry.payload == payload
    assert b"c2pa.edited" in path.read_bytes()
    write_video(*read_video(path), tmp_path / "stripped.mp4")
    stripped = verify(tmp_path / "stripped.mp4")
    assert stripped.watermark is not None
    assert stripped.watermark.payload == payload
    assert stripped.watermark.scale == pytest.approx(1, abs=0.03)
    assert call(app, ["upscale", str(tmp_path / "a.mp4"), "-o", str(path), "--fps", "often"]) == 2
    assert "no frame rate" in capsys.readouterr().err


@pytest.mark.egl
def test_a_matte_is_white_where_the_thing_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene(things=(Thing(noun="ball", color="red", x=-1.0, z=0.3),), place="meadow")
    frames = Renderer(128, 224).render(draw(scene, np.arange(6) / 12, 224 / 128)).rgb
    write_video(frames, Fraction(12), tmp_path / "a.mp4")
    assert call(app, ["matte", str(tmp_path / "a.mp4"), "the red ball", "-o", str(tmp_path / "m.mp4")]) == 0
    made, fps = read_video(tmp_path / "m.mp4")
    assert made.shape == frames.shape and fps == Fraction(12)
    assert made[:, :, :112].max() > 200 and made[:, :, 150:].max() < 40
    assert call(app, ["matte", str(tmp_path / "a.mp4"), "a dog", "-o", str(tmp_path / "n.mp4")]) == 2
    assert "the parser sees a red ball" in capsys.readouterr().err
    assert not (tmp_path / "n.mp4").exists()


def test_who_painted_it_decides_how_it_is_enlarged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What maquette painted by the enlarger, what came from elsewhere by Lanczos, unless the other is asked for."""
    _published(tmp_path / "own.mp4")
    write_video(draw_clip(0), Fraction(12), tmp_path / "other.mp4")
    height, width = draw_clip(0).shape[1:3]
    for name, *asked, said in (
        ("own.mp4", "by the enlarger"),
        ("other.mp4", "by Lanczos"),
        ("own.mp4", "--way", "lanczos", ""),
        ("other.mp4", "--way", "learned", ""),
    ):
        path = tmp_path / f"{name}-{'-'.join(asked)}.mp4"
        size = ["--size", f"{2 * width}x{2 * height}", "--json"]
        assert call(app, ["upscale", str(tmp_path / name), "-o", str(path), *size, *asked]) == 0
        notes = " ".join(json.loads(capsys.readouterr().out)["notes"])
        assert said in notes and (said or "enlarged" not in notes)
    learned, plain = (read_video(tmp_path / f"own.mp4-{way}.mp4")[0] for way in ("", "--way-lanczos"))
    assert np.abs(learned.astype(int) - plain).mean() > 0.3
    missing = str(tmp_path / "none.mp4")
    assert call(app, ["upscale", missing, "-o", str(tmp_path / "x.mp4"), "--size", "4k"]) == 2
    assert "none.mp4" in capsys.readouterr().err
