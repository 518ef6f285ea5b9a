"""Files made of one other file without painting: in another format, size or rate. Each is signed with it as its parent.

What was published here keeps its record and its watermark's number; of a file of others only the change is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.errors import TrustError
from ozora.media.output_file import is_sequence, passing_file, whole_file, whole_sequence, writing
from ozora.plan import Record
from ozora.trust import audit
from ozora.trust.claims import COMPOSITE, MADE_BY_MODEL, Claim, Definition, describe_change, describe_generation
from ozora.trust.credential import explain_unsigned, is_signable
from ozora.trust.file_hash import hash_files, list_files
from ozora.trust.identity import Identity, init
from ozora.trust.ingredients import Ingredient, read_ingredient
from ozora.trust.ledger import Entry, Ledger
from ozora.trust.manifest import Manifest, sign_file
from ozora.trust.settings import TrustSettings, find_home, read_settings
from ozora.trust.watermark import mark

Picture = NDArray[np.uint8]
Write = Callable[[Path], object]

DERIVED = "derived"
"""The event of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivative:
    """What became of a file: whether it ``is_signed``; ``notes`` are for the user."""

    path: Path
    is_signed: bool
    notes: tuple[str, ...] = ()


def derive_file(
    parent: Path,
    path: Path,
    action: str,
    *,
    write: Write,
    source_type: str = "",
    home: Path | None = None,
) -> Derivative:
    """Let ``write`` make ``path`` out of ``parent``, and sign it; whole or not at all.

    ``path`` may be a pattern of numbered pictures. ``action`` is one of C2PA's, such as "c2pa.transcoded", and
    ``source_type`` one of IPTC's where something was added to the pictures. Formats that
    carry no manifest stay without one, and a note says so. ``TrustError`` when it cannot be signed.
    """
    home = home or find_home()
    identity, settings = init(home), read_settings(home)
    ingredient, entry = _look_up(parent, identity, home)
    if is_signable(path):
        definition = _describe(action, source_type, ingredient, entry, settings)
        _write_signed(path, Manifest(definition=definition, ingredients=(ingredient,)), identity, settings, write)
        notes: tuple[str, ...] = ()
    else:
        whole = whole_sequence if is_sequence(path) else whole_file
        with whole(path) as draft, writing(path):
            write(draft)
        notes = (explain_unsigned(path),)
    _note(home, action, ingredient, entry, path)
    return Derivative(path=path, is_signed=is_signable(path), notes=notes)


def derive_published(parent: Path, action: str, writes: Mapping[Path, Write], *, home: Path | None = None) -> None:
    """Let each of ``writes`` make its path, which is signable, out of what was published here, byte for byte, and sign
    it; each whole or not at all. ``TrustError`` when ``parent`` is not, or one cannot be signed."""
    home = home or find_home()
    identity, settings = init(home), read_settings(home)
    ingredient, entry = _look_up(parent, identity, home)
    if entry is None:
        raise TrustError(f"{parent} is not a file as it was published here: nothing is made of it")
    definition = _describe(action, "", ingredient, entry, settings)
    manifest = Manifest(definition=definition, ingredients=(ingredient,))
    for path, write in writes.items():
        _write_signed(path, manifest, identity, settings, write)
        _note(home, action, ingredient, entry, path)


def mark_again(parent: Path, frames: Iterator[Picture], *, home: Path | None = None) -> Iterator[Picture]:
    """Frames [h, w, 3] that were enlarged, with the watermark of ``parent`` in their new size: at more than 1.6 times
    the old one is not found any more. Of a file that was not published here they pass as they are."""
    home = home or find_home()
    with Ledger(home) as ledger:
        entry = ledger.find_file(hash_files([parent]))
    if entry is None:
        yield from frames
        return
    key = init(home).watermark_key
    for frame in frames:
        yield mark(frame[None], entry.payload, key)[0]


def _look_up(parent: Path, identity: Identity, home: Path) -> tuple[Ingredient, Entry | None]:
    """A file as an ingredient, and what was written down of it if it was published here."""
    with Ledger(home) as ledger:
        ingredient = read_ingredient(parent, identity, ledger)
        return ingredient, ledger.find_file(ingredient.sha256)


def _note(home: Path, action: str, ingredient: Ingredient, entry: Entry | None, path: Path) -> None:
    """Write down in the log what was made of what."""
    noted = {"action": action, "parent_sha256": ingredient.sha256, "file_sha256": hash_files(list_files(path))}
    audit.append(home, DERIVED, noted if entry is None else {"watermark": f"{entry.payload:08x}", **noted})


def _describe(
    action: str, source_type: str, ingredient: Ingredient, entry: Entry | None, settings: TrustSettings
) -> Definition:
    """The manifest of a change; of what was published here it says again what is claimed of its pictures."""
    if entry is None:
        return describe_change(action, ingredient, {}, title="source 1", source_type=source_type)
    record, claim = Record.from_dict(entry.record), _claim_of(entry)
    generation = describe_generation(
        record, claim, [ingredient.sha256], payload=entry.payload, show_prompt=settings.prompt == "text"
    )
    system = f"Ozora, {record.plan.model}" if claim.source_type else ""
    return describe_change(
        action, ingredient, generation, title=f"ozora {entry.payload:08x}", system=system, source_type=source_type
    )


def _claim_of(entry: Entry) -> Claim:
    """What was said of a published file; of one from before that was kept, what its plan proves."""
    if entry.claim:
        return Claim.from_dict(entry.claim)
    if entry.is_made_by_model:
        said = "Made by an AI model. No camera took this picture."
        return Claim(source_type=MADE_BY_MODEL, disclosure=said, is_made_by_model=True)
    return Claim(source_type=COMPOSITE, disclosure="Made in part by an AI model.", is_made_by_model=False)


def _write_signed(path: Path, manifest: Manifest, identity: Identity, settings: TrustSettings, write: Write) -> None:
    whole = whole_sequence if is_sequence(path) else whole_file
    with whole(path) as draft, passing_file(draft) as plain:
        with writing(path):
            write(plain)
        sign_file(plain, draft, manifest, identity, time_authority=settings.time_authority)
