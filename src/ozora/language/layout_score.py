"""The score of a layout: how much of what a prompt states does it show? One that does not show all is sampled again
before the picture is.

It looks at cells, not at pixels, and shares nothing with the verifiers that judge finished clips.

Letters: ``g`` latent frames. Places are in picture heights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ozora.language.facts import Fact, Ref, Statement
from ozora.language.layout import Cells
from ozora.language.vocabulary import COLORS, NOUNS

LEAST_CELLS = 0.6
"""A thing is there in a frame when it covers this many cells."""
PRESENT = 0.7
"""In which share of the frames a thing must be there; one that goes past may be hidden or outside in the others."""
PASSING = ("left", "right")
WIDEST = 0.42
"""How far the cells of one thing spread about its middle at most: more are two things."""
AS_MANY = 0.5
"""In which share of the frames where it is there a thing must be one patch of cells; several of a kind as many."""
LEAST_PATCH = 0.5
"""A patch of cells is one thing of its kind when it covers at least so many."""
LEAST_APART, LEAST_WAY, LEAST_GROWTH, MOST_WAY = 0.2, 0.35, 0.18, 0.2
LEAST_SWING, LEAST_TURN = 0.1, 1.5
"""How far what jumps goes up and down, and how far what spins turns, in radians."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A thing in a layout, or several of a kind: how many cells it covers ``mass`` [g], in how many ``patches`` [g],
    its middle ``x y`` [g], the ``spread`` [g] of its cells about it, and the angle ``facing`` [g] in radians (NaN where
    it is not there, or not known)."""

    mass: NDArray[np.float64]
    patches: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    spread: NDArray[np.float64]
    facing: NDArray[np.float64]

    @property
    def there(self) -> NDArray[np.bool_]:
        return self.mass >= LEAST_CELLS


def fits(cells: Cells, ref: Ref) -> NDArray[np.bool_]:
    """Which cells [g, y, x] show a thing."""
    result = cells.noun == 1 + list(NOUNS).index(ref.noun)
    if ref.color:
        result = result & (cells.color == 1 + list(COLORS).index(ref.color))
    return np.asarray(result)


def role(cells: Cells, ref: Ref) -> Role:
    """What a layout shows of a thing."""
    share = cells.share * fits(cells, ref)
    rows, columns = ((np.arange(count) + 0.5) / share.shape[1] for count in share.shape[1:])
    mass = share.sum((1, 2))
    seen = np.where(mass >= LEAST_CELLS, mass, np.nan)
    x, y = (share.sum(1) * columns).sum(1) / seen, (share.sum(2) * rows).sum(1) / seen
    off = np.square(columns[None] - x[:, None])
    right, away = (cells.facing * share).sum((2, 3)) / seen
    spread = np.sqrt((share.sum(1) * off).sum(1) / seen)
    facing = np.where(np.hypot(right, away) > 0, np.arctan2(away, right), np.nan)
    return Role(mass=mass, patches=count_patches(share), x=x, y=y, spread=spread, facing=facing)


def count_patches(share: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many separate patches [g] the cells ``share`` [g, y, x] form that are more than 0; corners join."""
    frames, rows, columns = share.shape
    nothing = share.size
    number = np.where(share > 0, np.arange(share.size).reshape(share.shape), nothing)
    while True:  # every cell takes the least number beside it, until each patch has one
        padded = np.pad(number, ((0, 0), (1, 1), (1, 1)), constant_values=nothing)
        beside = [padded[:, down : down + rows, right : right + columns] for down in range(3) for right in range(3)]
        least = np.where(share > 0, np.minimum.reduce(beside), nothing)
        if np.array_equal(least, number):
            break
        number = least
    covered = np.bincount(number.ravel(), share.ravel(), minlength=nothing + 1)[:nothing].reshape(frames, -1)
    return np.asarray((covered >= LEAST_PATCH).sum(1))


def _trend(values: NDArray[np.float64], where: NDArray[np.bool_]) -> float:
    """How much a straight line through the values [g] changes from the first to the last frame."""
    frames = np.flatnonzero(where)
    return float(np.polyfit(frames, values[frames], 1)[0] * (len(values) - 1)) if len(frames) > 2 else 0.0


def _way(one: Role) -> float:
    return _trend(one.x, one.there)


def _growth(one: Role) -> float:
    """Of the side, as a natural logarithm."""
    return _trend(0.5 * np.log(one.mass.clip(1e-3)), one.there)


def _stays(one: Role) -> bool:
    return abs(_way(one)) < MOST_WAY


def _swings(one: Role) -> bool:
    high = one.y[one.there]
    return _stays(one) and len(high) > 0 and float(np.ptp(high)) >= LEAST_SWING


def _turns(one: Role) -> bool:
    if np.isnan(one.facing).all():
        return _stays(one)
    turn = np.diff(one.facing[one.there])
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    return _stays(one) and abs(float(turn.sum())) >= LEAST_TURN


MOTIONS: dict[str, Callable[[Role], bool]] = {
    "left": lambda one: _way(one) < -LEAST_WAY,
    "right": lambda one: _way(one) > LEAST_WAY,
    "toward": lambda one: _growth(one) > LEAST_GROWTH,
    "away": lambda one: _growth(one) < -LEAST_GROWTH,
    "stand": _stays,
    "jump": _swings,
    "spin": _turns,
}


def _exists(one: Role, count: int, still: bool) -> bool:
    """There, and as many as asked for; a thing that goes past may be away for a while."""
    enough = PRESENT if still else PRESENT / 2
    if one.there.mean() < enough or (one.patches[one.there] == count).mean() < AS_MANY:
        return False
    return count > 1 or bool(np.nanmedian(one.spread) <= WIDEST)


def _beside(first: Role, second: Role, sign: float) -> bool:
    both = first.there & second.there
    return bool(both.any()) and sign * float((first.x - second.x)[both].mean()) >= LEAST_APART


def _others(cells: Cells, statement: Statement) -> float:
    """The mean number of cells that show what nobody asked for."""
    asked = np.zeros(cells.noun.shape, bool)
    for ref in statement.things:
        asked |= fits(cells, ref)
    return float((cells.share * (cells.noun > 0) * ~asked).sum() / len(cells.share))


def share_shown(cells: Cells, statement: Statement) -> float:
    """How much of a statement a layout shows, 0 to 1: its things, as many as are asked for, nothing else, and its
    facts. What cannot be seen in it does not count."""
    roles = [role(cells, ref) for ref in statement.things]
    passing = {fact.subject for fact in statement.facts if fact.kind == "motion" and fact.value in PASSING}
    refs = enumerate(statement.things)
    holds = [_exists(roles[number], ref.count, number not in passing) for number, ref in refs]
    holds += [_others(cells, statement) <= LEAST_CELLS] if roles else []
    holds += [_holds(fact, roles, len(cells.share)) for fact in statement.facts if fact.kind in ("motion", "relation")]
    return sum(holds) / len(holds) if holds else 1.0


def _holds(fact: Fact, roles: list[Role], frames: int) -> bool:
    if fact.subject is None:
        return True
    one = roles[fact.subject]
    if fact.kind == "motion" and fact.value in MOTIONS and frames > 2:
        return MOTIONS[fact.value](one)
    if fact.kind == "relation" and fact.value in ("left", "right") and fact.object is not None:
        return _beside(one, roles[fact.object], -1.0 if fact.value == "left" else 1.0)
    return True
