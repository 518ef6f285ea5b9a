"""Takes that are complete but for their time stamp: kept in the home folder until the time stamp service answers."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ozora.errors import TrustError, UnknownNameError
from ozora.media.output_file import is_sequence
from ozora.plan import Record
from ozora.trust.claims import Claim
from ozora.trust.file_hash import list_files
from ozora.trust.home import open_home, write_whole
from ozora.trust.ingredients import Ingredient

FOLDER = "held"
_FACTS = "take.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTake:
    """All that publishing needs beside the encoded file: where it goes, how it was made, what is claimed of it."""

    path: Path
    record: Record
    claim: Claim
    ingredients: tuple[Ingredient, ...]
    payload: int
    fingerprint: bytes

    def to_dict(self) -> dict[str, Any]:
        return {
            "path": str(self.path.absolute()),
            "record": self.record.to_dict(),
            "claim": self.claim.to_dict(),
            "ingredients": [item.to_dict() for item in self.ingredients],
            "payload": self.payload,
            "fingerprint": self.fingerprint.hex(),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> HeldTake:
        return HeldTake(
            path=Path(data["path"]),
            record=Record.from_dict(data["record"]),
            claim=Claim.from_dict(data["claim"]),
            ingredients=tuple(Ingredient.from_dict(item) for item in data["ingredients"]),
            payload=int(data["payload"]),
            fingerprint=bytes.fromhex(data["fingerprint"]),
        )


def hold_take(home: Path, take: HeldTake, plain: Path) -> str:
    """Keep a take and its encoded file ``plain`` (or pattern of pictures); returns the number it is asked for by."""
    number = f"{take.payload:08x}"
    folder = home / FOLDER / number
    try:
        open_home(home)
        folder.mkdir(mode=0o700, parents=True)
        for file in list_files(plain):
            shutil.copyfile(file, folder / (file.name if is_sequence(plain) else take.path.name))
        write_whole(folder / _FACTS, json.dumps(take.to_dict()))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise TrustError(f"the take cannot be kept in {folder} ({error.strerror}): make room there") from error
    return number


def list_held(home: Path) -> dict[str, HeldTake]:
    """Return the takes that wait, by number. ``TrustError`` when one of them is damaged."""
    found: dict[str, HeldTake] = {}
    for facts in sorted((home / FOLDER).glob(f"*/{_FACTS}")):
        try:
            found[facts.parent.name] = HeldTake.from_dict(json.loads(facts.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrustError(f"{facts} cannot be read ({error}): restore it, or remove its folder") from error
    return found


def find_held(home: Path, number: str) -> tuple[HeldTake, Path]:
    """Return a take and its encoded file; ``UnknownNameError`` when there is none of this number."""
    held = list_held(home)
    if number not in held:
        raise UnknownNameError(f"no take '{number}' waits to be signed; there are: {', '.join(held) or 'none'}")
    return held[number], home / FOLDER / number / held[number].path.name


def drop_held(home: Path, number: str) -> None:
    """Forget a take that was published."""
    shutil.rmtree(home / FOLDER / number, ignore_errors=True)
