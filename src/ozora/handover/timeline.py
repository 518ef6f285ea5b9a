"""A timeline of clips one after the other, in the formats of editing software; written by OpenTimelineIO's adapters.

Measured with opentimelineio 0.18.1 and the adapters 1.0.0: the FCPXML adapter cannot read back 23.976 or 29.97 frames a
second, only .otio knows numbered pictures, and EDL holds one track of pictures. What does not work is refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from ozora.errors import OutputError, SizeError
from ozora.handover.captions import Cue
from ozora.media.output_file import whole_file, writing

RATES = tuple(
    Fraction(*rate)
    for rate in [(24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1)]
)
"""Frames a second that have a timecode (SMPTE ST 12)."""
TARGETS = {
    "resolve": (".otio", ".xml"),
    "premiere": (".xml",),
    "fcp": (".fcpxml",),
    "edl": (".edl",),
    "otio": (".otio",),
}
"""What a program gets: DaVinci Resolve, Premiere Pro, Final Cut Pro, an edit decision list, OpenTimelineIO."""

_ADAPTERS = {".otio": "otio_json", ".xml": "fcp_xml", ".fcpxml": "fcpx_xml", ".edl": "cmx_3600"}
_SOUND = (".otio", ".xml")  # the FCPXML adapter writes each clip twice when there is a track of sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A clip on the timeline: ``frames`` in its media ``path``, of which ``handle`` at both ends are not shown.

    ``path`` is absolute, a file or a pattern of numbered pictures. ``cues`` are in seconds of the media.
    """

    name: str
    path: Path
    frames: int
    handle: int
    cues: tuple[Cue, ...] = ()
    sound: bool = False
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Shots in their order. ``timecode`` is that of the first frame, of the timeline and of all media."""

    name: str
    fps: Fraction
    timecode: str
    shots: tuple[Shot, ...]


def choose_rate(fps: Fraction) -> Fraction:
    """The rate with a timecode for a clip: its own, else one in which its frames are whole, else the nearest."""
    whole = [rate for rate in RATES if (rate / fps).denominator == 1]
    return min(whole, default=min(RATES, key=lambda rate: abs(rate - fps)))


def check_timeline(target: str, timeline: Timeline, *, numbered: bool) -> None:
    """Raise ``SizeError`` or ``OutputError`` now for what could not be written later."""
    try:
        otio.opentime.from_timecode(timeline.timecode, float(timeline.fps))
    except ValueError as error:
        raise SizeError(
            f"'{timeline.timecode}' is no timecode at {float(timeline.fps):.5g}; give 01:00:00:00"
        ) from error
    if numbered and ".otio" not in TARGETS[target]:
        raise OutputError(f"a timeline for {target} holds no numbered pictures; take prores, or --for otio")
    if target == "fcp" and timeline.fps.denominator != 1:
        raise SizeError(
            f"an FCPXML of {float(timeline.fps):.5g} frames a second cannot be written; take --for premiere"
        )


def write_timeline(timeline: Timeline, target: str, folder: Path) -> list[Path]:
    """Write what ``target`` opens into ``folder``; returns the files. ``OutputError`` when it cannot be written."""
    numbered = any("%" in shot.path.name for shot in timeline.shots)
    suffixes = [".otio"] if numbered else list(TARGETS[target])
    return [_write(timeline, folder / f"{timeline.name}{suffix}", folder) for suffix in suffixes]


def _write(timeline: Timeline, path: Path, folder: Path) -> Path:
    built = _build(timeline, path.suffix, folder)
    options = {"rate": float(timeline.fps)} if path.suffix == ".edl" else {}
    with whole_file(path) as draft, writing(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the adapters' own, about Python
        otio.adapters.write_to_file(built, str(draft), adapter_name=_ADAPTERS[path.suffix], **options)
    return path


def _build(timeline: Timeline, suffix: str, folder: Path) -> Any:  # noqa: ANN401 # the package has no types
    rate = float(timeline.fps)
    start = otio.opentime.from_timecode(timeline.timecode, rate)
    built = otio.schema.Timeline(timeline.name, global_start_time=start)
    built.tracks.append(_track(timeline.shots, "Video", start, suffix, folder))
    if suffix in _SOUND and any(shot.sound for shot in timeline.shots):
        built.tracks.append(_track(timeline.shots, "Audio", start, suffix, folder))
    return built


def _track(shots: Sequence[Shot], kind: str, start: Any, suffix: str, folder: Path) -> Any:  # noqa: ANN401 # see above
    track = otio.schema.Track(kind, kind=kind)
    for shot in shots:
        shown = otio.opentime.TimeRange(
            start + otio.opentime.RationalTime(shot.handle, start.rate),
            otio.opentime.RationalTime(shot.frames - 2 * shot.handle, start.rate),
        )
        if kind == "Audio" and not shot.sound:
            track.append(otio.schema.Gap(source_range=shown))
            continue
        clip = otio.schema.Clip(shot.name, _media(shot, start, suffix, folder), shown)
        clip.metadata["ozora"] = dict(shot.facts)
        if kind == "Video":
            clip.markers.extend(_marker(cue, start, shown) for cue in shot.cues)
        track.append(clip)
    return track


def _media(shot: Shot, start: Any, suffix: str, folder: Path) -> Any:  # noqa: ANN401 # see above
    whole = otio.opentime.TimeRange(start, otio.opentime.RationalTime(shot.frames, start.rate))
    place = shot.path.relative_to(folder).as_posix() if suffix == ".otio" else shot.path.as_uri()
    if "%" not in shot.path.name:
        return otio.schema.ExternalReference(place, whole)
    return otio.schema.ImageSequenceReference(
        target_url_base=place.rpartition("/")[0] + "/",
        name_suffix=shot.path.suffix,
        start_frame=1,
        frame_zero_padding=4,
        rate=start.rate,
        available_range=whole,
    )


def _marker(cue: Cue, start: Any, shown: Any) -> Any:  # noqa: ANN401 # see above
    """Where a prompt begins, or at the first frame shown."""
    frame = otio.opentime.RationalTime(round(cue.start_s * Fraction(start.rate).limit_denominator(1001)), start.rate)
    at = max(start + frame, shown.start_time)
    return otio.schema.Marker(
        cue.text, otio.opentime.TimeRange(at, otio.opentime.RationalTime(1, start.rate)), color="GREEN"
    )
