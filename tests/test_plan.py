from __future__ import annotations

import dataclasses
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.plan import (
    ENTRANCES,
    Box,
    ClipCondition,
    Finding,
    Hole,
    ImageCondition,
    Plan,
    Prompt,
    Record,
    ReferenceCondition,
    Sampler,
    tell_missing,
)
from ozora.shapes import VideoShape

TIMES = st.fractions(min_value=0, max_value=60, max_denominator=1001)
HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
SHARES = st.fractions(min_value=0, max_value=1, max_denominator=1000)
BOXES = st.builds(Box, left=SHARES, top=SHARES, right=SHARES, bottom=SHARES)
HOLES = st.builds(
    Hole, box=st.none() | BOXES, mask=st.text(), sha256=st.just("") | HASHES, start_s=TIMES, end_s=st.none() | TIMES
)
REFERENCES = st.builds(
    ReferenceCondition, path=st.text(), sha256=HASHES, crop=st.none() | BOXES, start_s=TIMES, end_s=st.none() | TIMES
)
IMAGES = st.builds(ImageCondition, path=st.text(), sha256=HASHES, frame=st.integers(0, 99), crop=st.none() | BOXES)
CLIPS = st.builds(
    ClipCondition,
    path=st.text(),
    sha256=HASHES,
    frame=st.integers(0, 99),
    start_s=TIMES,
    end_s=st.none() | TIMES,
    crop=st.none() | BOXES,
    into=st.none() | BOXES,
    hole=st.none() | HOLES,
    strength=SHARES,
    weights=st.lists(st.tuples(TIMES, SHARES), max_size=3).map(tuple),
)
NAMES = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3)
PLANS = st.builds(
    Plan,
    prompts=st.lists(
        st.builds(Prompt, text=st.text(), start_s=TIMES, end_s=st.none() | TIMES, enter=st.sampled_from(ENTRANCES)),
        min_size=1,
        max_size=3,
    ).map(tuple),
    shape=st.builds(
        VideoShape,
        frames=st.integers(1, 999),
        height=st.integers(1, 999),
        width=st.integers(1, 999),
        fps=TIMES.filter(lambda time: time > 0),
    ),
    model=st.text(),
    seed=st.integers(0, 2**63 - 1),
    sampler=st.builds(Sampler, solver=st.text(), steps=st.integers(1, 99), guidance=st.floats(0, 99, allow_nan=False)),
    conditions=st.lists(IMAGES | CLIPS | REFERENCES, max_size=3).map(tuple),
    negative=st.text(max_size=8),
)
RECORDS = st.builds(
    Record,
    plan=PLANS,
    backend=st.text(),
    weights_sha256=HASHES,
    pixels_sha256=HASHES,
    versions=NAMES,
    machine=NAMES,
    timings_s=st.dictionaries(st.text(max_size=8), st.integers(0, 10**7).map(lambda n: n / 10_000), max_size=3),
    notes=st.lists(st.text(), max_size=2).map(tuple),
    parents=st.lists(HASHES, max_size=2).map(tuple),
    findings=st.lists(
        st.builds(
            Finding,
            prompt=st.integers(0, 9),
            fact=st.text(),
            shows=st.none() | st.booleans(),
            recognised=st.none() | st.floats(0, 1),
        ),
        max_size=2,
    ).map(tuple),
)
PLAN = Plan(
    prompts=(Prompt(text="a red ball"),),
    shape=VideoShape(frames=49, height=256, width=448, fps=Fraction(24)),
    model="maquette",
    seed=7,
)


@given(PLANS)
def test_a_plan_survives_json(plan: Plan) -> None:
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@given(RECORDS)
def test_a_record_survives_json(record: Record) -> None:
    assert Record.from_dict(json.loads(record.to_json())) == record


def test_the_format_on_disk() -> None:
    assert PLAN.to_dict() == {
        "format": 1,
        "model": "maquette",
        "seed": 7,
        "prompts": [{"text": "a red ball", "start_s": "0", "end_s": None, "enter": ""}],
        "negative": "",
        "shape": {"frames": 49, "height": 256, "width": 448, "fps": "24"},
        "sampler": {"solver": "euler", "steps": 8, "guidance": 3.0},
        "conditions": [],
    }


@pytest.mark.parametrize("number", [None, 0, 2, "1"])
def test_another_format_is_refused(number: object) -> None:
    with pytest.raises(ValueError, match="only format 1"):
        Plan.from_dict({**PLAN.to_dict(), "format": number})


def test_values_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLAN.seed = 8  # type: ignore[misc]


def test_what_does_not_show_is_told_with_what_to_do() -> None:
    seen, missing = (
        Finding(prompt=0, fact=fact, shows=shows) for fact, shows in (("a ball", True), ("a robot", False))
    )
    unknown = Finding(prompt=0, fact="a sign that says OPEN", shows=None)
    assert tell_missing((seen, missing, unknown)) == ("not seen: a robot (try another seed, or several takes)",)
    sure = dataclasses.replace(missing, recognised=0.964)
    assert "96% of such are recognised when there" in tell_missing((sure,))[0]
    assert tell_missing(()) == ()
