from __future__ import annotations

from dataclasses import replace

import pytest

from ozora.plan import FrameOrigins, ImageCondition
from ozora.trust.claims import (
    COMPOSITE,
    MADE_BY_MODEL,
    Claim,
    claim_origin,
    count_frames,
    describe_change,
    describe_generation,
    describe_take,
)
from ozora.trust.ingredients import Ingredient, Role
from ozora.trust.ledger import hash_record
from tests.trust.records import RECORD


def _ingredient(role: Role = "clip", *, ours: bool = False, number: int = 0) -> Ingredient:
    relationship = {"clip": "parentOf", "picture": "componentOf", "reference": "inputTo"}[role]
    return Ingredient(
        label=f"source{number}",
        role=role,
        relationship=relationship,  # type: ignore[arg-type]
        media_type="video/mp4",
        sha256="c" * 64,
        is_made_by_model=ours,
    )


CAMERA, OURS = _ingredient(), _ingredient(ours=True)
PICTURE, SHOWN = _ingredient("picture"), _ingredient("reference")
PAINTED, MIXED, KEPT = (
    FrameOrigins(painted=48),
    FrameOrigins(painted=24, part=4, kept=20),
    FrameOrigins(painted=0, kept=48),
)


@pytest.mark.parametrize(
    ("origins", "ingredients", "source_type", "no_camera"),
    [
        (PAINTED, (), MADE_BY_MODEL, True),
        (PAINTED, (SHOWN,), MADE_BY_MODEL, True),
        (MIXED, (OURS,), MADE_BY_MODEL, True),
        (MIXED, (CAMERA,), COMPOSITE, False),
        (MIXED, (OURS, CAMERA), COMPOSITE, False),
        (PAINTED, (CAMERA,), COMPOSITE, False),
        (MIXED, (PICTURE,), COMPOSITE, False),
        (FrameOrigins(painted=0, part=48), (CAMERA,), COMPOSITE, False),
        (KEPT, (CAMERA,), "", False),
        (KEPT, (CAMERA, OURS), "", False),
        (KEPT, (OURS,), "", True),
    ],
)
def test_what_is_claimed_follows_from_frames_and_sources(
    origins: FrameOrigins, ingredients: tuple[Ingredient, ...], source_type: str, no_camera: bool
) -> None:
    claim = claim_origin(origins, ingredients)
    assert claim.source_type == source_type
    assert claim.is_made_by_model is no_camera
    assert ("No camera" in claim.disclosure) is no_camera
    assert Claim.from_dict(claim.to_dict()) == claim


def test_a_mixture_says_how_much_was_painted() -> None:
    assert claim_origin(MIXED, (CAMERA,)).disclosure == (
        "Made in part by an AI model, which painted 24 of 48 frames and parts of 4; 20 are as they were given."
    )
    assert "over pictures that were given" in claim_origin(PAINTED, (CAMERA,)).disclosure


def _actions(origins: FrameOrigins, *ingredients: Ingredient) -> list[dict[str, object]]:
    manifest = describe_take(RECORD, claim_origin(origins, ingredients), ingredients, payload=1, show_prompt=False)
    actions: list[dict[str, object]] = manifest["assertions"][0]["data"]["actions"]
    return actions


def test_a_new_clip_is_created() -> None:
    (made,) = _actions(PAINTED)
    assert (made["action"], made["digitalSourceType"]) == ("c2pa.created", MADE_BY_MODEL)


def test_a_clip_is_opened_and_edited() -> None:
    opened, made = _actions(MIXED, CAMERA)
    assert (opened["action"], opened["parameters"]) == ("c2pa.opened", {"ingredientIds": ["source0"]})
    assert (made["action"], made["digitalSourceType"]) == ("c2pa.edited", COMPOSITE)


def test_a_picture_is_placed_in_what_is_created_and_a_reference_is_looked_at() -> None:
    made, placed = _actions(MIXED, PICTURE, _ingredient("reference", number=1))
    assert (made["action"], made["parameters"]) == ("c2pa.created", {"ingredientIds": ["source1"]})
    assert (placed["action"], placed["parameters"]) == ("c2pa.placed", {"ingredientIds": ["source0"]})


def test_where_nothing_is_painted_no_model_is_named() -> None:
    manifest = describe_take(RECORD, claim_origin(KEPT, (CAMERA,)), (CAMERA,), payload=1, show_prompt=False)
    assert "maquette" not in str(manifest)
    assert "trainedAlgorithmicMedia" not in str(manifest)
    assert [item["label"] for item in manifest["assertions"]] == ["c2pa.actions.v2", "org.ozora.generation"]


def test_a_change_names_the_parent_and_nothing_of_the_pictures() -> None:
    manifest = describe_change("c2pa.transcoded", CAMERA, {}, title="source 1")
    assert [action["action"] for action in manifest["assertions"][0]["data"]["actions"]] == [
        "c2pa.opened",
        "c2pa.transcoded",
    ]
    assert "digitalSourceType" not in str(manifest)


def test_the_record_is_signed_by_its_hash() -> None:
    claim = claim_origin(PAINTED, ())
    generation = describe_generation(RECORD, claim, [], payload=0xABC, show_prompt=True)
    assert generation["record_sha256"] == hash_record(RECORD.to_dict())
    assert generation["prompt"] == "a red ball rolls left"
    assert (generation["watermark"], generation["seed"]) == ("00000abc", 7)
    assert "prompt" not in describe_generation(RECORD, claim, [], payload=0, show_prompt=False)


def test_an_old_record_is_counted_by_its_conditions() -> None:
    assert count_frames(RECORD) == FrameOrigins(painted=12)
    given = ImageCondition(path="a.png", sha256="0" * 64)
    assert count_frames(replace(RECORD, plan=replace(RECORD.plan, conditions=(given,)))).painted == 0
    assert count_frames(replace(RECORD, origins=MIXED)) == MIXED
