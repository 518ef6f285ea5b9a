from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ozora.language.vocabulary import SMALL
from ozora.perception.parser import Maps
from ozora.perception.tracking import Blob, Kinds, ParsedClip, find_blobs, fragments, track_things

HEIGHT, WIDTH = 64, 112
"""Pixels of the maps."""
KINDS = Kinds(SMALL.nouns)
CERTAIN = np.eye(len(KINDS.nouns), dtype=np.float16)
BALL, CUBE = 1 + SMALL.nouns.index("ball"), 1 + SMALL.nouns.index("cube")
RED, BLUE, PINK = (SMALL.colors.index(color) for color in ("red", "blue", "pink"))
Picture = NDArray[np.uint8]


def blank(frames: int) -> tuple[Picture, Picture]:
    noun, color = np.zeros((2, frames, HEIGHT, WIDTH), np.uint8)
    return noun, color


def put(noun: Picture, color: Picture, kind: tuple[int, int], left: int, top: int, side: int = 10) -> None:
    """A square of one noun and color in a frame [h, w]."""
    area = (slice(top, top + side), slice(max(left, 0), max(left + side, 0)))
    noun[area], color[area] = kind


def tracked(noun: Picture, color: Picture) -> ParsedClip:
    f = len(noun)
    place, time = np.zeros((f, len(SMALL.places)), np.float32), np.zeros((f, len(SMALL.times)), np.float32)
    place[:, 1] = time[:, 2] = 1
    weather = np.ones((f, len(SMALL.weathers)), np.float32)
    rgb = np.zeros((*noun.shape, 3), np.uint8)
    maps = Maps(noun=noun, votes=CERTAIN[noun], color=color, place=place, time=time, weather=weather, rgb=rgb)
    return track_things([maps], SMALL)


def seen(noun: Picture, color: Picture) -> list[Blob]:
    """The things of the first frame."""
    return find_blobs(noun[0], CERTAIN[noun[0]], color[0], KINDS, SMALL.colors)


def test_fragments_join_diagonally_and_count_borders() -> None:
    labels = np.array([[1, 0, 2], [0, 1, 2], [0, 0, 2]])
    numbers, borders = fragments(labels)
    assert len(np.unique(numbers)) == 3
    assert numbers[0, 0] == numbers[1, 1]
    assert list(borders.values()) == [1]


def test_a_branching_shape_is_one_fragment() -> None:
    labels = np.array([[1, 0, 1], [1, 0, 1], [1, 1, 1]])
    assert len(np.unique(fragments(labels)[0])) == 2


def test_an_empty_frame_has_no_things() -> None:
    noun, color = blank(1)
    assert seen(noun, color) == []
    assert tracked(*blank(5)).tracks == ()


def test_a_thing_takes_the_majority_of_its_pixels() -> None:
    noun, color = blank(1)
    put(noun[0], color[0], (BALL, RED), 20, 20)
    color[0, 20:22, 20:30] = PINK
    noun[0, 28:30, 20:24] = CUBE
    (blob,) = seen(noun, color)
    assert (blob.noun, blob.color) == ("ball", "red")
    assert blob.box == (20 / WIDTH, 20 / HEIGHT, 30 / WIDTH, 30 / HEIGHT)
    assert abs(blob.x - 25 / WIDTH) < 1e-9 and abs(blob.area - 100 / (HEIGHT * WIDTH)) < 1e-9


def test_touching_things_stay_two() -> None:
    noun, color = blank(1)
    put(noun[0], color[0], (BALL, RED), 20, 20)
    put(noun[0], color[0], (CUBE, BLUE), 30, 20)
    blobs = seen(noun, color)
    assert {(blob.noun, blob.color) for blob in blobs} == {("ball", "red"), ("cube", "blue")}


def test_specks_are_not_things() -> None:
    noun, color = blank(1)
    put(noun[0], color[0], (BALL, RED), 20, 20, side=3)
    assert seen(noun, color) == []


def test_things_that_cross_keep_their_names() -> None:
    noun, color = blank(20)
    for i in range(20):
        put(noun[i], color[i], (CUBE, BLUE), 50, 24, side=12)
        put(noun[i], color[i], (BALL, RED), 5 + 5 * i, 26, side=8)
    tracks = {track.noun: track for track in tracked(noun, color).tracks}
    assert set(tracks) == {"ball", "cube"}
    assert tracks["ball"].visible.all()
    assert (np.diff(tracks["ball"].x) > 0).all()
    assert np.ptp(tracks["cube"].x) < 0.06


def test_a_hidden_thing_comes_back_as_itself() -> None:
    noun, color = blank(20)
    for i in range(20):
        if not 7 <= i < 15:
            put(noun[i], color[i], (BALL, RED), 5 + 5 * i, 26)
    (ball,) = tracked(noun, color).tracks
    assert ball.visible.sum() == 12
    assert not ball.kinds[10] and np.isnan(ball.x[10])


def test_single_frames_do_not_change_what_a_thing_is() -> None:
    noun, color = blank(12)
    for i in range(12):
        put(noun[i], color[i], (CUBE if i == 4 else BALL, PINK if i == 8 else RED), 20 + i, 20)
    (ball,) = tracked(noun, color).tracks
    assert set(ball.kinds) == {frozenset({("toy", "ball")})} and set(ball.colors) == {"red"}


def test_a_thing_that_changes_for_good_is_seen_to_change() -> None:
    noun, color = blank(20)
    for i in range(20):
        put(noun[i], color[i], (BALL, RED if i < 10 else BLUE), 20, 20)
    (ball,) = tracked(noun, color).tracks
    assert ball.colors == ("red",) * 10 + ("blue",) * 10


def test_place_and_time_are_those_of_most_frames() -> None:
    parsed = tracked(*blank(3))
    assert (parsed.place, parsed.time) == (SMALL.places[1], SMALL.times[2])


def test_variants_of_a_kind_are_one_thing() -> None:
    """Half of a tree is an oak and half a pine: together they are a tree, whatever a bush beside them gets."""
    kinds = Kinds(("oak tree", "pine tree", "poppy bush", "horse"))
    noun, color = np.zeros((2, HEIGHT, WIDTH), np.uint8)
    votes = np.zeros((HEIGHT, WIDTH, 5), np.float16)
    votes[..., 0] = 1
    noun[20:40, 20:30], votes[20:40, 20:30] = 1, [0, 0.5, 0.2, 0.3, 0]
    noun[20:40, 30:40], votes[20:40, 30:40] = 3, [0, 0.1, 0.3, 0.4, 0.2]
    (blob,) = find_blobs(noun, votes, color, kinds, SMALL.colors)
    assert blob.noun == "oak tree" and abs(blob.area - 400 / (HEIGHT * WIDTH)) < 1e-9
    assert kinds.likely(blob.votes) == {("cast", "tree"), ("cast", "bush")}


def test_a_small_thing_beside_a_large_one_stays_a_thing() -> None:
    noun, color = blank(1)
    put(noun[0], color[0], (CUBE, BLUE), 30, 20, side=30)
    put(noun[0], color[0], (BALL, BLUE), 25, 44, side=5)
    assert {blob.noun for blob in seen(noun, color)} == {"cube", "ball"}
