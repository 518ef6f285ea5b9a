"""Tracking: from what each pixel shows to things over time.

In each frame, runs of pixels of one kind and color are joined into fragments, doubtful fragments go to the neighbor
that they touch most, and what is left is a thing: its color is what most of its pixels say, its kind what all of them
vote for, its noun that of its kind with most votes. Things of successive frames are linked by nearness and likeness.

Letters: ``f`` frames, ``h w`` rows and columns. Positions are fractions of the picture's width and height.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ozora.language.cast import CAST, kind
from ozora.language.vocabulary import Vocabulary
from ozora.perception.camera import CameraMotion, find_camera_motion
from ozora.perception.parser import Maps, Parser

FloatArray = NDArray[np.float64]
MIN_PIXELS = 12
"""Smaller blobs are not things."""
SAME_KIND = 0.35
"""A fragment goes to its neighbor of the same kind in another color when it is smaller than this share of it."""
DOUBT = 0.15
"""A fragment goes to its larger neighbor of another kind when so much of its votes is for that kind."""
LIKELY = 0.5
"""A thing may be what has so many of the votes of what has most."""
SETTLING = 3
"""What a thing is in a frame is decided together with up to this many frames before and after."""
NEAR = 0.16
"""How far a thing may go from one frame to the next, in picture widths."""
CROP = 12
GRAY = np.array([0.299, 0.587, 0.114], np.float32) / 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A thing in one frame: ``x y`` its middle, ``box`` left, top, right, bottom, ``area`` its share of the picture,
    ``votes`` [n] of its pixels for each noun (and nothing)."""

    noun: str
    color: str
    x: float
    y: float
    box: tuple[float, float, float, float]
    area: float
    votes: FloatArray


Kind = tuple[str, str]


class Kinds:
    """The nouns of a vocabulary, number 0 being nothing, by their kind (``language.cast.kind``)."""

    def __init__(self, nouns: tuple[str, ...]) -> None:
        self.nouns = ("", *nouns)
        self.names: list[Kind] = [("", ""), *dict.fromkeys(kind(noun) for noun in nouns)]
        self.number = np.array([0, *(self.names.index(kind(noun)) for noun in nouns)])
        self.sums = np.eye(len(self.names), dtype=np.float32)[self.number]
        dyed = [noun not in CAST or CAST[noun].dyed for noun in nouns]
        self.dyed = np.isin(np.arange(len(self.names)), self.number[1:][dyed])

    def noun(self, votes: FloatArray) -> str:
        """The noun with most votes [n] of the kind with most; nothing does not stand for election."""
        best = 1 + int((votes @ self.sums)[1:].argmax())
        return self.nouns[int(np.where(self.number == best, votes, -1).argmax())]

    def likely(self, votes: FloatArray) -> frozenset[Kind]:
        """What it may be by its votes [n]."""
        heard = (votes @ self.sums)[1:]
        return frozenset(self.names[1 + number] for number in np.flatnonzero(heard >= LIKELY * heard.max()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A thing over ``f`` frames. ``noun`` and ``color`` are what most frames say; ``kinds hues`` [f] what it may be by
    what the frames around each say, ``colors`` [f] its likeliest color (empty where it is not seen); ``x y area`` [f]
    and ``box`` [f, 4] as in ``Blob`` (NaN where it is not seen); ``crops`` [f, 12, 12] its box in gray, 0 to 1."""

    noun: str
    color: str
    kinds: tuple[frozenset[Kind], ...]
    hues: tuple[frozenset[str], ...]
    colors: tuple[str, ...]
    x: FloatArray
    y: FloatArray
    box: FloatArray
    area: FloatArray
    crops: FloatArray

    @property
    def visible(self) -> NDArray[np.bool_]:
        return np.isfinite(self.x)

    @property
    def called(self) -> str:
        """What it is, in words: "red ball", "woman in a red dress"."""
        member = CAST.get(self.noun)
        return f"{self.color} {self.noun}" if member is None else member.called(self.color if member.dyed else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedClip:
    """Everything that was seen in a clip of ``frames`` frames, the most visible track first."""

    frames: int
    tracks: tuple[Track, ...]
    place: str
    time: str
    weather: str
    camera: CameraMotion


class Tracker:
    """Takes the maps of successive parts of a clip, and keeps of them what ``parsed`` needs: no votes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._kinds = Kinds(vocabulary.nouns)
        self._seen: list[list[Blob]] = []
        self._gray: list[NDArray[np.float32]] = []
        self._empty: list[NDArray[np.bool_]] = []
        self._place = np.zeros(len(vocabulary.places))
        self._time = np.zeros(len(vocabulary.times))
        self._weather = np.zeros(len(vocabulary.weathers))

    def add(self, maps: Maps) -> None:
        """The next part."""
        for noun, votes, color in zip(maps.noun, maps.votes, maps.color, strict=True):
            self._seen.append(find_blobs(noun, votes, color, self._kinds, self.vocabulary.colors))
        self._gray.append(np.asarray(maps.rgb @ GRAY, np.float32))
        self._empty.append(maps.noun == 0)
        for total, votes in ((self._place, maps.place), (self._time, maps.time), (self._weather, maps.weather)):
            total += votes.sum(0)

    def parsed(self) -> ParsedClip:
        """Everything that was seen."""
        gray, vocabulary = np.concatenate(self._gray), self.vocabulary
        tracks = [_track(chain, gray, self._kinds) for chain in stitch(link(self._seen), self._kinds)]
        return ParsedClip(
            frames=len(gray),
            tracks=tuple(sorted(tracks, key=lambda track: -int(track.visible.sum()))),
            place=vocabulary.places[int(self._place.argmax())],
            time=vocabulary.times[int(self._time.argmax())],
            weather=vocabulary.weathers[int(self._weather.argmax())],
            camera=find_camera_motion(gray, np.concatenate(self._empty)),
        )


def track_things(parts: Iterable[Maps], vocabulary: Vocabulary) -> ParsedClip:
    """Things, setting and camera from the maps of successive parts of a clip."""
    tracker = Tracker(vocabulary)
    for maps in parts:
        tracker.add(maps)
    return tracker.parsed()


def parse_clip(parser: Parser, frames: NDArray[np.uint8]) -> ParsedClip:
    """Things, setting and camera of a clip [f, h, w, 3] of any size; about 20 ms a frame on two cores."""
    return track_things(parser.read(frames), parser.vocabulary)


def _runs(labels: NDArray[np.int64]) -> list[list[tuple[int, int, int]]]:
    """Rows of runs (start, end, label) of equal labels; 0 is background and left out."""
    rows = []
    for row in labels:
        edges = np.flatnonzero(np.diff(row)) + 1
        starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(row)]
        rows.append([(a, b, int(row[a])) for a, b in zip(starts, ends, strict=True) if row[a]])
    return rows


def fragments(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], Counter[tuple[int, int]]]:
    """Connected fragments of equal labels (8 neighbors): their numbers [h, w] from 1, and how many pixels of border any
    two share."""
    parent: list[int] = [0]

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    numbered: list[list[tuple[int, int, int, int]]] = []
    contacts: list[tuple[int, int, int]] = []
    for row in _runs(labels):
        above = numbered[-1] if numbered else []
        current: list[tuple[int, int, int, int]] = []
        for start, end, label in row:
            number = len(parent)
            parent.append(number)
            if current and current[-1][1] == start:
                contacts.append((current[-1][3], number, 1))
            for a, b, other, i in above:
                shared = min(b, end) - max(a, start)
                if other == label and shared >= 0:
                    parent[root(number)] = root(i)
                elif shared > 0:
                    contacts.append((i, number, shared))
            current.append((start, end, label, number))
        numbered.append(current)
    result = np.zeros(labels.shape, np.int64)
    for y, runs in enumerate(numbered):
        for start, end, _, number in runs:
            result[y, start:end] = root(number)
    borders: Counter[tuple[int, int]] = Counter()
    for i, j, shared in contacts:
        a, b = root(i), root(j)
        if a != b:
            borders[min(a, b), max(a, b)] += shared
    return result, borders


def _absorb(
    numbers: NDArray[np.int64],
    borders: Counter[tuple[int, int]],
    labels: NDArray[np.int64],
    votes: NDArray[np.float32],
    colors: int,
) -> NDArray[np.int64]:
    """Give fragments that may well be a part of the neighbor that they share most border with to it. ``votes`` are
    those of the pixels that have a number, in their order."""
    used, first, size = np.unique(numbers, return_index=True, return_counts=True)
    area = dict(zip(used.tolist(), size.tolist(), strict=True))
    label = dict(zip(used.tolist(), labels.ravel()[first].tolist(), strict=True))
    row = {number: i for i, number in enumerate(used.tolist())}
    numbered = numbers[numbers > 0]
    heard = np.stack([votes[numbered == number].sum(0) for number in used])
    goes_to = {number: number for number in area}

    def root(i: int) -> int:
        return i if goes_to[i] == i else root(goes_to[i])

    for number in sorted((n for n in area if n), key=lambda n: area[n]):
        touching: Counter[int] = Counter()
        for (a, b), shared in borders.items():
            if number in (a, b):
                other = root(b if a == number else a)
                touching[other] += shared * (other != number)
        if not touching:
            continue
        other = touching.most_common(1)[0][0]
        here, there = label[number] // colors, label[other] // colors
        if here == there:
            goes = area[number] < SAME_KIND * area[other]
        else:
            doubtful = heard[row[number], there] >= DOUBT * heard[row[number], 1:].sum()
            goes = area[number] < area[other] and (doubtful or area[number] < MIN_PIXELS)
        if other != number and goes:
            goes_to[number] = other
            area[other] += area[number]
            heard[row[other]] += heard[row[number]]
    table = np.zeros(int(used.max()) + 1, np.int64)
    for number in area:
        table[number] = root(number)
    return table[numbers]


def find_blobs(
    noun: NDArray[np.uint8],
    votes: NDArray[np.float16],
    color: NDArray[np.uint8],
    kinds: Kinds,
    colors: tuple[str, ...],
) -> list[Blob]:
    """The things of one frame from its maps [h, w] and [h, w, n]."""
    if not noun.any():
        return []
    here = noun > 0
    heard = votes[here].astype(np.float32) @ kinds.sums
    seen = np.zeros(noun.shape, np.int64)
    seen[here] = 1 + heard[:, 1:].argmax(-1)
    said = np.where(kinds.dyed[seen], color, 0)  # what has no color of the vocabulary is in one
    labels = np.where(seen > 0, seen * len(colors) + said, 0)
    numbers = _absorb(*fragments(labels), labels, heard, len(colors))
    blobs = []
    for number in np.unique(numbers[numbers > 0]):
        inside = numbers == number
        if inside.sum() >= MIN_PIXELS:
            won = votes[inside].sum(0, dtype=np.float64)
            blobs.append(_blob(inside, kinds.noun(won), colors[_most(color[inside])], won))
    return _merged(blobs)


def _most(values: NDArray[np.uint8]) -> int:
    return int(np.bincount(values).argmax())


def _blob(inside: NDArray[np.bool_], noun: str, color: str, votes: FloatArray) -> Blob:
    h, w = inside.shape
    y, x = np.nonzero(inside)
    return Blob(
        noun=noun,
        color=color,
        x=float((x.mean() + 0.5) / w),
        y=float((y.mean() + 0.5) / h),
        box=(float(x.min() / w), float(y.min() / h), float((x.max() + 1) / w), float((y.max() + 1) / h)),
        area=float(inside.mean()),
        votes=votes,
    )


def _merged(blobs: list[Blob]) -> list[Blob]:
    """Join blobs of one kind and color whose boxes all but touch: a thing whose thin parts were not seen."""
    result: list[Blob] = []
    for blob in sorted(blobs, key=lambda blob: -blob.area):
        for i, other in enumerate(result):
            gap_x = max(blob.box[0], other.box[0]) - min(blob.box[2], other.box[2])
            gap_y = max(blob.box[1], other.box[1]) - min(blob.box[3], other.box[3])
            alike = (kind(blob.noun), blob.color) == (kind(other.noun), other.color)
            if alike and gap_x < 0.02 and gap_y < 0.035:
                result[i] = _join(other, blob)
                break
        else:
            result.append(blob)
    return result


def _join(first: Blob, second: Blob) -> Blob:
    area = first.area + second.area
    a, b = first.box, second.box
    return Blob(
        noun=first.noun,
        color=first.color,
        x=(first.x * first.area + second.x * second.area) / area,
        y=(first.y * first.area + second.y * second.area) / area,
        box=(min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])),
        area=area,
        votes=first.votes + second.votes,
    )


Chain = dict[int, Blob]
"""A thing by frame number."""


def _cost(chain: Chain, frame: int, blob: Blob) -> float:
    last = max(chain)
    old = chain[last]
    far = float(np.hypot(blob.x - old.x, (blob.y - old.y) / 1.75))
    unlike = 0.5 * (kind(old.noun) != kind(blob.noun)) + 0.5 * (old.color != blob.color)
    return far / (NEAR + 0.02 * (frame - last - 1)) + unlike


def link(seen: list[list[Blob]]) -> list[Chain]:
    """Link the blobs of successive frames, cheapest pairs first; a gap of half a second is bridged."""
    chains: list[Chain] = []
    for frame, blobs in enumerate(seen):
        open_chains = [i for i, chain in enumerate(chains) if frame - max(chain) <= 6]
        pairs = sorted((_cost(chains[i], frame, blob), i, j) for i in open_chains for j, blob in enumerate(blobs))
        taken: set[int] = set()
        for cost, i, j in pairs:
            if cost < 1.3 and j not in taken and max(chains[i]) < frame:
                chains[i][frame] = blobs[j]
                taken.add(j)
        chains += [{frame: blob} for j, blob in enumerate(blobs) if j not in taken]
    return chains


def _name(chain: Chain, kinds: Kinds) -> tuple[str, str]:
    """The noun that all pixels vote for and the color that most frames say, larger blobs louder."""
    colors: Counter[str] = Counter()
    for blob in chain.values():
        colors[blob.color] += int(1e6 * blob.area)
    votes = np.sum([blob.votes for blob in chain.values()], axis=0)
    return kinds.noun(votes), colors.most_common(1)[0][0]


def stitch(chains: list[Chain], kinds: Kinds) -> list[Chain]:
    """Join chains of the same kind and color that never show at the same time: a thing that was hidden for a while."""
    result: list[Chain] = []
    for chain in sorted(chains, key=len, reverse=True):
        noun, color = _name(chain, kinds)
        for other in result:
            other_noun, other_color = _name(other, kinds)
            same = (kind(noun), color) == (kind(other_noun), other_color)
            if same and not chain.keys() & other.keys():
                other.update(chain)
                break
        else:
            result.append(dict(chain))
    return [chain for chain in result if len(chain) >= 2 or len(result) == 1]


def _track(chain: Chain, gray: NDArray[np.float32], kinds: Kinds) -> Track:
    f = len(gray)
    x, y, area = np.full((3, f), np.nan)
    box = np.full((f, 4), np.nan)
    crops = np.zeros((f, CROP, CROP))
    likely, hues, colors = [frozenset[Kind]()] * f, [frozenset[str]()] * f, [""] * f
    for i, blob in chain.items():
        x[i], y[i], area[i], box[i] = blob.x, blob.y, blob.area, blob.box
        crops[i] = _crop(gray[i], blob.box)
        around = [chain[j] for j in range(i - SETTLING, i + SETTLING + 1) if j in chain]
        likely[i] = kinds.likely(np.sum([one.votes for one in around], axis=0))
        counted = Counter(one.color for one in around).most_common()
        colors[i] = counted[0][0]
        hues[i] = frozenset(color for color, times in counted if times >= LIKELY * counted[0][1])
    noun, color = _name(chain, kinds)
    return Track(
        noun=noun,
        color=color,
        kinds=tuple(likely),
        hues=tuple(hues),
        colors=tuple(colors),
        x=x,
        y=y,
        box=box,
        area=area,
        crops=crops,
    )


def _crop(picture: NDArray[np.float32], box: tuple[float, float, float, float]) -> FloatArray:
    h, w = picture.shape
    rows = ((box[1] + (box[3] - box[1]) * (np.arange(CROP) + 0.5) / CROP) * h).astype(int)
    columns = ((box[0] + (box[2] - box[0]) * (np.arange(CROP) + 0.5) / CROP) * w).astype(int)
    return np.asarray(picture[rows][:, columns], np.float64)
