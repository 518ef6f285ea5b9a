"""What a manifest claims: it follows from what was done, frame by frame, and from what is proven of the sources.

    all frames painted                     trainedAlgorithmicMedia
    frames of others kept or painted over  compositeWithTrainedAlgorithmicMedia, with the source as an ingredient
    nothing painted                        nothing is claimed; the ingredients speak for themselves

Source: IPTC's digital source types, C2PA 2.2 (actions, ingredients). What is not proven to be painted counts as what
somebody's camera took.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from ozora.plan import FrameOrigins, Record
from ozora.trust.credential import GENERATION
from ozora.trust.ingredients import Ingredient
from ozora.trust.ledger import hash_record

MADE_BY_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
ENHANCED = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"

Definition = dict[str, Any]
"""A manifest as C2PA's builder takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is said of the pictures of a file.

    ``source_type`` is IPTC's, empty where nothing was painted. ``is_made_by_model``: every picture is proven to come
    from a model, so that no camera took any.
    """

    source_type: str
    disclosure: str
    is_made_by_model: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "digital_source_type": self.source_type,
            "disclosure": self.disclosure,
            "is_made_by_model": self.is_made_by_model,
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Claim:
        return Claim(
            source_type=str(data["digital_source_type"]),
            disclosure=str(data["disclosure"]),
            is_made_by_model=bool(data["is_made_by_model"]),
        )


def claim_origin(origins: FrameOrigins, ingredients: Sequence[Ingredient]) -> Claim:
    """Return what may be said of a take of which ``origins`` frames were painted or kept."""
    seen = [item for item in ingredients if item.role != "reference"]  # what is only looked at is not in the pictures
    is_made_by_model = all(item.is_made_by_model for item in seen)
    if not origins.painted and not origins.part:
        said = (
            "Cut from clips that an AI model made. No camera took these pictures." if is_made_by_model and seen else ""
        )
        return Claim(source_type="", disclosure=said, is_made_by_model=is_made_by_model and bool(seen))
    if is_made_by_model:
        said = "Made by an AI model. No camera took this picture."
        return Claim(source_type=MADE_BY_MODEL, disclosure=said, is_made_by_model=True)
    return Claim(source_type=COMPOSITE, disclosure=_describe_mixture(origins), is_made_by_model=False)


def describe_take(
    record: Record, claim: Claim, ingredients: Sequence[Ingredient], *, payload: int, show_prompt: bool
) -> Definition:
    """Return the manifest of a take: what was done with which files, and what may be said of the result."""
    agent = {"name": record.plan.model, "version": record.versions.get("ozora", "unknown")}
    return _describe(
        title=f"ozora {payload:08x}",
        actions=_list_actions(claim, ingredients, agent),
        ingredients=ingredients,
        generation=describe_generation(
            record, claim, [item.sha256 for item in ingredients], payload=payload, show_prompt=show_prompt
        ),
        system=f"Ozora, {record.plan.model}" if claim.source_type else "",
    )


def describe_change(
    action: str,
    ingredient: Ingredient,
    generation: dict[str, Any],
    *,
    title: str,
    system: str = "",
    source_type: str = "",
) -> Definition:
    """Return the manifest of a file that was made of one other file without painting; ``action`` is one of C2PA's."""
    made = {"action": action, "softwareAgent": _name_ozora(), "when": _tell_time()}
    if source_type:
        made["digitalSourceType"] = source_type
    actions = [{"action": "c2pa.opened", "parameters": {"ingredientIds": [ingredient.label]}}, made]
    return _describe(title=title, actions=actions, ingredients=[ingredient], generation=generation, system=system)


def describe_generation(
    record: Record, claim: Claim, parents: Sequence[str], *, payload: int, show_prompt: bool
) -> dict[str, Any]:
    """Return our own assertion: who painted what with which settings. ``parents`` are hashes of files."""
    plan, origins = record.plan, count_frames(record)
    text = "\n".join(prompt.text for prompt in plan.prompts)
    prompt = {"prompt": text} if show_prompt else {"prompt_sha256": hashlib.sha256(text.encode()).hexdigest()}
    rights = {"weights_license": record.weights_license, "weights_credit": record.weights_credit}
    painter = {
        "model": plan.model,
        "weights_sha256": record.weights_sha256,
        "seed": plan.seed,
        **prompt,
        **{name: text for name, text in rights.items() if text},
    }
    return {
        **claim.to_dict(),
        **(painter if claim.source_type else {}),
        "frames": origins.to_dict(),
        "watermark": f"{payload:08x}",
        "parents": list(parents),
        "record_sha256": hash_record(record.to_dict()),
    }


def count_frames(record: Record) -> FrameOrigins:
    """Return what was painted and kept; a record from before this was counted says so by its conditions."""
    if record.origins is not None:
        return record.origins
    frames = record.plan.shape.frames
    return FrameOrigins(painted=0, part=frames) if record.plan.conditions else FrameOrigins(painted=frames)


def _describe(
    *,
    title: str,
    actions: list[dict[str, Any]],
    ingredients: Sequence[Ingredient],
    generation: dict[str, Any],
    system: str,
) -> Definition:
    assertions: list[dict[str, Any]] = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
    if system:
        names = {"@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}}
        assertions.append({"label": "cawg.metadata", "data": {**names, "Iptc4xmpExt:AISystemUsed": system}})
    if generation:
        assertions.append({"label": GENERATION, "data": generation})
    return {"claim_generator_info": [_name_ozora()], "title": title, "assertions": assertions}


def _list_actions(claim: Claim, ingredients: Sequence[Ingredient], agent: dict[str, str]) -> list[dict[str, Any]]:
    """A clip is opened and edited; without one something new is created. Other files are placed in it or looked at."""
    opened = [item.label for item in ingredients if item.relationship == "parentOf"]
    placed = [item.label for item in ingredients if item.relationship == "componentOf"]
    shown = [item.label for item in ingredients if item.relationship == "inputTo"]
    made: dict[str, Any] = {
        "action": "c2pa.edited" if opened else "c2pa.created",
        "softwareAgent": agent if claim.source_type else _name_ozora(),
        "when": _tell_time(),
    }
    if claim.source_type:
        made["digitalSourceType"] = claim.source_type
    elif not opened:  # C2PA asks for a type where something begins; of pictures that were only put in a row it is this
        made["digitalSourceType"] = "http://cv.iptc.org/newscodes/digitalsourcetype/composite"
    if shown:
        made["parameters"] = {"ingredientIds": shown}
    first = [{"action": "c2pa.opened", "parameters": {"ingredientIds": opened}}] if opened else []
    places = [{"action": "c2pa.placed", "parameters": {"ingredientIds": [label]}} for label in placed]
    return [*first, *places, made] if opened else [made, *places]


def _describe_mixture(origins: FrameOrigins) -> str:
    total = origins.painted + origins.part + origins.kept
    said = f"Made in part by an AI model, which painted {origins.painted} of {total} frames"
    said += f" and parts of {origins.part}" if origins.part else ""
    rest = f"; {origins.kept} are as they were given" if origins.kept else ", over pictures that were given"
    return f"{said}{rest}."


def _name_ozora() -> dict[str, str]:
    return {"name": "Ozora", "version": _find_version()}


@functools.cache
def _find_version() -> str:
    """Once: to look for the package takes most of a millisecond."""
    return version("ozora")


def _tell_time() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
