"""A record, for what only needs one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ozora.plan import Plan, Prompt, Record
from ozora.shapes import VideoShape

RECORD = Record(
    plan=Plan(
        prompts=(Prompt(text="a red ball rolls left"),),
        shape=VideoShape(frames=12, height=128, width=224, fps=Fraction(12)),
        model="maquette",
        seed=7,
    ),
    backend="maquette",
    weights_sha256="a" * 64,
    pixels_sha256="b" * 64,
    versions={"ozora": "0.1.0"},
    machine={"system": "any"},
    timings_s={"paint": 1.0},
)


def record_of(text: str = "a red ball rolls left", *, frames: int = 12) -> Record:
    """The same with another prompt, or of another length."""
    shape = replace(RECORD.plan.shape, frames=frames)
    return replace(RECORD, plan=replace(RECORD.plan, prompts=(Prompt(text=text),), shape=shape))
