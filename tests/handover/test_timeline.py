from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from ozora.errors import OutputError, SizeError
from ozora.handover.captions import Cue
from ozora.handover.timeline import TARGETS, Shot, Timeline, check_timeline, choose_rate, write_timeline

NTSC = Fraction(30000, 1001)
CUES = (
    Cue(text="a red ball", start_s=Fraction(0), end_s=Fraction(1)),
    Cue(text="it stops", start_s=Fraction(1), end_s=Fraction(2)),
)


def _timeline(folder: Path, fps: Fraction = Fraction(24)) -> Timeline:
    media = folder.resolve() / "media"
    shots = (
        Shot(
            name="first", path=media / "first.mov", frames=48, handle=6, cues=CUES, sound=True, facts=(("seed", "7"),)
        ),
        Shot(name="second", path=media / "second.mov", frames=36, handle=6),
    )
    return Timeline(name="timeline", fps=fps, timecode="01:00:00:00", shots=shots)


def _read(path: Path, fps: Fraction) -> Any:
    options = {"rate": float(fps)} if path.suffix == ".edl" else {}
    back = otio.adapters.read_from_file(str(path), **options)
    if not isinstance(back, otio.schema.Timeline):
        back = back.find_children(descended_from_type=otio.schema.Timeline)[0]
    return back


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(25), Fraction(24000, 1001), NTSC, Fraction(60)])
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_what_is_written_reads_back(tmp_path: Path, target: str, fps: Fraction) -> None:
    timeline = _timeline(tmp_path, fps)
    if target == "fcp" and fps.denominator > 1:
        with pytest.raises(SizeError, match="take --for premiere"):
            check_timeline(target, timeline, numbered=False)
        return
    check_timeline(target, timeline, numbered=False)
    for path in write_timeline(timeline, target, tmp_path):
        back = _read(path, fps)
        track = back.video_tracks()[0]
        clips = list(track.find_clips())
        assert [clip.name for clip in clips] == ["first", "second"]
        start = round(float(fps)) * 3600
        for clip, frames in zip(clips, (36, 24), strict=True):
            assert clip.source_range.start_time.value == start + 6
            assert clip.source_range.duration.value == frames
            assert clip.source_range.start_time.rate == pytest.approx(float(fps))
            assert clip.media_reference.target_url.endswith(f"{clip.name}.mov")
        if path.suffix != ".edl":
            assert clips[0].available_range().duration.value == 48
        if path.suffix in (".otio", ".xml"):
            assert back.global_start_time.value == start
            assert [marker.marked_range.start_time.value for marker in clips[0].markers] == [
                start + 6,
                start + round(fps),
            ]
            assert len(list(back.audio_tracks()[0].find_clips())) == 1
        if path.suffix == ".otio":
            assert clips[0].metadata["ozora"]["seed"] == "7"
            assert clips[0].media_reference.target_url == "media/first.mov"
            assert [marker.name for marker in clips[0].markers] == ["a red ball", "it stops"]


def test_markers_are_in_fcpxml_and_edl(tmp_path: Path) -> None:
    """Their adapters write markers, and do not read all of them."""
    for target in ("fcp", "edl"):
        text = write_timeline(_timeline(tmp_path), target, tmp_path)[0].read_text()
        assert "it stops" in text.lower() or "IT STOPS" in text


def test_numbered_pictures(tmp_path: Path) -> None:
    timeline = _timeline(tmp_path)
    shot = replace(timeline.shots[0], path=tmp_path.resolve() / "media" / "first" / "%04d.exr", sound=False)
    timeline = replace(timeline, shots=(shot,))
    for target in ("otio", "resolve"):
        (path,) = write_timeline(timeline, target, tmp_path)
        reference = next(iter(_read(path, timeline.fps).find_clips())).media_reference
        assert reference.target_url_for_image_number(1) == "media/first/0002.exr"
        assert reference.available_range.duration.value == 48
    for target in ("premiere", "fcp", "edl"):
        with pytest.raises(OutputError, match="no numbered pictures"):
            check_timeline(target, timeline, numbered=True)


def test_a_timecode_is_checked(tmp_path: Path) -> None:
    for timecode in ("", "soon", "01:00:00", "01:00:00:99"):
        with pytest.raises(SizeError, match="no timecode"):
            check_timeline("otio", replace(_timeline(tmp_path), timecode=timecode), numbered=False)


@pytest.mark.parametrize(
    ("fps", "chosen"),
    [
        (Fraction(24), 24),
        (NTSC, NTSC),
        (Fraction(12), 24),
        (Fraction(8), 24),
        (Fraction(15), 30),
        (Fraction(27), 25),
        (Fraction(120), 60),
    ],
)
def test_rates_that_have_a_timecode(fps: Fraction, chosen: Fraction) -> None:
    assert choose_rate(fps) == chosen
