"""The files that a take is made of, looked at before anything is painted: their hashes, their credentials, their role.

Credentials that are damaged, kept elsewhere, or in a format that C2PA does not know cost nothing but themselves: the
file becomes an ingredient without them. What is read here is kept, so that a file may change or go while it is painted.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from c2pa import Builder, C2paError

from ozora.errors import TrustError
from ozora.media.file_type import sniff_file
from ozora.plan import ClipCondition, Condition, ReferenceCondition
from ozora.trust.credential import READABLE, find_beside, make_context, open_reader, read_credential
from ozora.trust.file_hash import hash_files
from ozora.trust.identity import Identity
from ozora.trust.ledger import Ledger

Role = Literal["clip", "picture", "reference"]
"""A clip that is kept or painted over, a picture that becomes frames, a picture that is only looked at."""
Relationship = Literal["parentOf", "componentOf", "inputTo"]
_RANK: dict[Role, int] = {"clip": 0, "picture": 1, "reference": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """One file. ``archive`` holds it as C2PA keeps ingredients, with its credentials from inside or beside it; it is
    empty where C2PA cannot read the format or the credentials.

    ``is_made_by_model``: proven here that no camera took any picture in it.
    """

    label: str
    role: Role
    relationship: Relationship
    media_type: str
    sha256: str
    is_made_by_model: bool
    archive: bytes = b""

    def to_json(self) -> dict[str, str]:
        """Return the description that C2PA's builder takes. The title is no file name: those may be confidential."""
        number = int(self.label.removeprefix("source")) + 1
        return {
            "title": f"source {number}",
            "format": self.media_type,
            "relationship": self.relationship,
            "instance_id": self.label,
            "label": self.label,
        }

    def to_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "role": self.role,
            "relationship": self.relationship,
            "media_type": self.media_type,
            "sha256": self.sha256,
            "is_made_by_model": self.is_made_by_model,
            "archive": base64.b64encode(self.archive).decode(),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Ingredient:
        return Ingredient(**{**data, "archive": base64.b64decode(data["archive"])})


def read_ingredients(conditions: Iterable[Condition], identity: Identity, ledger: Ledger) -> tuple[Ingredient, ...]:
    """Return what a plan is made of, each file once. ``TrustError`` when one is gone."""
    roles: dict[Path, Role] = {}
    for condition in conditions:
        path, role = Path(condition.path), _find_role(condition)
        if path not in roles or _RANK[role] < _RANK[roles[path]]:
            roles[path] = role
    clips = [path for path, role in roles.items() if role == "clip"]
    return tuple(
        read_ingredient(path, identity, ledger, number=number, role=role, is_parent=path in clips[:1])
        for number, (path, role) in enumerate(roles.items())
    )


def read_ingredient(
    path: Path, identity: Identity, ledger: Ledger, *, number: int = 0, role: Role = "clip", is_parent: bool = True
) -> Ingredient:
    """Return one file as an ingredient; ``is_parent`` when the result is a version of it."""
    if not path.is_file():
        raise TrustError(f"{path}, which this is made from, is gone: put it back and try again")
    sha256, media_type = hash_files([path]), sniff_file(path)
    plain = Ingredient(
        label=f"source{number}",
        role=role,
        relationship="parentOf" if is_parent else "inputTo" if role == "reference" else "componentOf",
        media_type=media_type,
        sha256=sha256,
        is_made_by_model=_is_made_by_model(path, sha256, identity, ledger),
    )
    return plain if media_type not in READABLE else _with_archive(plain, path)


def add_ingredients(builder: Builder, ingredients: Sequence[Ingredient]) -> None:
    """Give the builder of a manifest its ingredients; those without an archive are in its definition already."""
    for item in ingredients:
        if item.archive:
            builder.add_ingredient_from_archive(io.BytesIO(item.archive))


def _find_role(condition: Condition) -> Role:
    if isinstance(condition, ReferenceCondition):
        return "reference"
    return "clip" if isinstance(condition, ClipCondition) else "picture"


def _with_archive(plain: Ingredient, path: Path) -> Ingredient:
    """The ingredient with the credentials in the file, with those beside it, or with none that can be read."""
    for write in (_archive_file, _archive_beside):
        try:
            archive = write(plain, path)
        except (C2paError, ValueError, OSError):  # whatever a damaged file does to a parser
            continue
        if archive:
            return replace(plain, archive=archive)
    return plain


def _archive_file(plain: Ingredient, path: Path) -> bytes:
    if find_beside(path) is not None and _has_only_beside(path):
        return b""
    with Builder({"claim_generator_info": [{"name": "Ozora"}]}, context=make_context()) as builder:
        with path.open("rb") as file:
            builder.add_ingredient(plain.to_json(), plain.media_type, file)
        archive = io.BytesIO()
        builder.write_ingredient_archive(plain.label, archive)
        return archive.getvalue()


def _has_only_beside(path: Path) -> bool:
    reader = open_reader(path, make_context())
    if reader is None:
        return False
    with reader:
        return not reader.is_embedded()


def _archive_beside(plain: Ingredient, path: Path) -> bytes:
    """Credentials in a file of their own, checked against the file that they are of."""
    place, reader = find_beside(path), open_reader(path, make_context())
    if place is None or reader is None:
        return b""
    with reader:
        data = {
            **plain.to_json(),
            "active_manifest": json.loads(reader.json())["active_manifest"],
            "validation_results": reader.get_validation_results(),
            "manifest_data": {"format": "application/c2pa", "identifier": "beside"},
        }
    definition = {"claim_generator_info": [{"name": "Ozora"}], "ingredients": [data]}
    with Builder(definition, context=make_context()) as builder:
        builder.add_resource("beside", io.BytesIO(place.read_bytes()))
        archive = io.BytesIO()
        builder.write_ingredient_archive(plain.label, archive)
        return archive.getvalue()


def _is_made_by_model(path: Path, sha256: str, identity: Identity, ledger: Ledger) -> bool:
    """Whether the ledger, or credentials that were signed here, say so of these very bytes."""
    entry = ledger.find_file(sha256)
    if entry is not None:
        return entry.is_made_by_model
    credential = read_credential(path, identity)
    return (
        credential is not None
        and credential.state == "trusted"
        and credential.generation.get("is_made_by_model") is True
    )
