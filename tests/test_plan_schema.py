from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from ozora.plan import Plan
from ozora.plan_schema import plan_schema
from tests.test_plan import PLANS

CHECK = Draft202012Validator(plan_schema())


@given(PLANS)
def test_every_plan_fits_the_schema(plan: Plan) -> None:
    CHECK.validate(json.loads(json.dumps(plan.to_dict())))


def test_the_published_schema_is_this_one() -> None:
    published = Path(__file__).parents[1] / "docs" / "plan.schema.json"
    assert json.loads(published.read_text()) == plan_schema()
    Draft202012Validator.check_schema(plan_schema())


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan.pop("seed"),
        lambda plan: plan.update(extra=1),
        lambda plan: plan.update(format=2),
        lambda plan: plan.update(prompts=[]),
        lambda plan: plan["prompts"][0].update(enter="wipe"),
        lambda plan: plan["shape"].update(frames=0),
        lambda plan: plan["shape"].update(fps="fast"),
        lambda plan: plan.update(conditions=[{"kind": "sound", "path": "a", "sha256": "0" * 64}]),
        lambda plan: plan.update(conditions=[{"kind": "clip", "path": "a", "sha256": "short"}]),
    ],
)
def test_a_wrong_plan_does_not_fit(change: Any) -> None:
    plan = {
        "format": 1,
        "model": "maquette",
        "seed": 7,
        "prompts": [{"text": "a red ball"}],
        "shape": {"frames": 49, "height": 128, "width": 224, "fps": "12"},
        "sampler": {"solver": "euler", "steps": 8, "guidance": 3.0},
        "conditions": [],
    }
    CHECK.validate(plan)
    wrong = copy.deepcopy(plan)
    change(wrong)
    assert not CHECK.is_valid(wrong)
