"""Performance: how a member of the troupe plays its part, which clip at which times and where it stands.

Letters: ``f`` frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ozora.language.cast import CAST
from ozora.language.vocabulary import COLORS
from ozora.stage.scene import Thing
from ozora.stage.trajectories import Track, height
from ozora.stage.troupe.figure import REST, Appearance, Member, appear
from ozora.stage.troupe.pack import Pack

FloatArray = NDArray[np.float64]
ACT_CLIPS = {
    **{"eat": "feed", "fight": "attack", "shoot": "shoot", "chop": "chop", "hoe": "hoe", "pick": "pick"},
    **{"mine": "mine", "hammer": "hammer", "pray": "pray", "sit": "sit", "lie": "lie down", "sniff": "sniff"},
    **{"kick": "kick", "collapse": "die"},
}
"""The clip of each of ``cast.ACTS``."""
COLLAPSE_S = 0.8
"""So long something stands before it collapses."""
SLOWEST, FASTEST = 0.5, 1.3
"""By how much legs may be slowed down or hurried to keep up with the ground."""


def perform(pack: Pack, thing: Thing, track: Track, times: FloatArray, *, number: int, seed: int) -> Appearance:
    """A thing of the cast on its track at ``times`` [f] in seconds, as number ``number`` of the scene ``seed``."""
    member = pack.member(CAST[thing.noun].art or thing.noun)
    scale = height(thing) / member.height_m
    offset = float(np.random.default_rng([seed, number, 41]).random())
    gait = thing.motion.manner
    if gait in member.clips and track.gait.max() > 0:
        clip, clock = gait, _step(member, thing, track, times, scale, offset)
    else:
        clip, clock = _act(member, thing, times, offset)
    dye = COLORS[thing.color] if thing.color else None
    return appear(member, clip, clock, _placements(track, scale), thing=number, dye=dye)


def _step(member: Member, thing: Thing, track: Track, times: FloatArray, scale: float, offset: float) -> FloatArray:
    """Clip times [f] of a gait that keeps about up with the ground."""
    gait = member.clips[thing.motion.manner]
    natural = max(gait.stride_m * scale / gait.duration_s, 1e-3)
    speed, since = thing.motion.speed, times
    if thing.motion.target is not None:  # it may stop on its way
        since = np.cumsum(np.diff(times, prepend=times[:1]) * track.gait)
        if len(times) > 1:
            way = float(np.abs(np.diff(track.way)).sum())
            speed = way / (float(times[-1] - times[0]) * float((track.gait > 0).mean()))
    rate = float(np.clip(speed / natural, SLOWEST, FASTEST))
    return np.asarray(since * rate + offset * gait.duration_s)


def _act(member: Member, thing: Thing, times: FloatArray, offset: float) -> tuple[str, FloatArray]:
    """The clip of something that is done on the spot, and its times [f]; what has none idles, if it can."""
    wanted = ACT_CLIPS.get(thing.motion.kind, "idle")
    clip = next((name for name in (wanted, "idle", *member.clips) if name in member.clips), REST)
    if clip == "die":
        return clip, np.maximum(times - COLLAPSE_S, 0.0)
    return clip, times if clip == REST else times + offset * member.clips[clip].duration_s


def _placements(track: Track, scale: float) -> FloatArray:
    """Model matrices [f, 3, 4]: scaled, turned by the track's yaw, and put in its place."""
    c, s = np.cos(np.radians(track.yaw)), np.sin(np.radians(track.yaw))
    result = np.zeros((len(track.yaw), 3, 4))
    result[:, 0, 0], result[:, 0, 2], result[:, 1, 1], result[:, 2, 0], result[:, 2, 2] = c, s, 1.0, -s, c
    result[:, :, :3] *= scale
    result[:, :, 3] = track.position
    return result
