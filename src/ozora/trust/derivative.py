"""Files made of one other file without painting: in another format, size or rate. Each is signed with it as its parent.

What was published here keeps its record and its watermark's number; of a file of others only the change is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.media.output_file import is_sequence, whole_file, whole_sequence, writing
from ozora.plan import Record
from ozora.trust import audit
from ozora.trust.identity import Identity, init
from ozora.trust.ledger import Entry, Ledger
from ozora.trust.manifest import (
    Change,
    beside,
    hash_files,
    is_embedded,
    list_files,
    sign_change,
    sign_change_beside,
)
from ozora.trust.settings import TrustSettings, find_home, read_settings
from ozora.trust.watermark import mark

Picture = NDArray[np.uint8]

UNSIGNED = "{path} is not signed: nothing is known of {parent}, which was not made here and can hold no signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivative:
    """What became of a file: ``signed`` is "inside", "beside" or "" for not at all; ``notes`` are for the user."""

    path: Path
    signed: str
    notes: tuple[str, ...] = ()


def derive_file(
    parent: Path, path: Path, action: str, *, write: Callable[[Path], object], home: Path | None = None
) -> Derivative:
    """Let ``write`` make ``path`` out of ``parent``, and sign it; whole or not at all.

    ``path`` may be a pattern of numbered pictures. ``action`` is one of C2PA's, such as "c2pa.transcoded". Files that
    cannot carry a manifest get it beside them. ``TrustError`` when it cannot be signed.
    """
    home = home or find_home()
    parent_sha256 = hash_files([parent])
    with Ledger(home) as ledger:
        entry = ledger.find_file(parent_sha256)
    identity, settings = init(home), read_settings(home)
    change = _describe(action, parent, entry, settings)
    if not change.is_known:
        result = _write_plain(path, change, write)
    elif is_embedded(path):
        result = _write_inside(path, change, identity, write)
    else:
        result = _write_beside(path, change, identity, write)
    noted = {"action": action, "parent_sha256": parent_sha256, "file_sha256": hash_files(list_files(path))}
    audit.append(home, "derived", noted if entry is None else {"watermark": f"{entry.payload:08x}", **noted})
    return result


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


def _describe(action: str, parent: Path, entry: Entry | None, settings: TrustSettings) -> Change:
    return Change(
        action=action,
        parent=parent,
        record=None if entry is None else Record.from_dict(entry.record),
        payload=0 if entry is None else entry.payload,
        show_prompt=settings.prompt == "text",
        time_authority=settings.time_authority,
    )


def _write_plain(path: Path, change: Change, write: Callable[[Path], object]) -> Derivative:
    whole = whole_sequence if is_sequence(path) else whole_file
    with whole(path) as draft, writing(path):
        write(draft)
    return Derivative(path=path, signed="", notes=(UNSIGNED.format(path=path, parent=change.parent),))


def _write_inside(path: Path, change: Change, identity: Identity, write: Callable[[Path], object]) -> Derivative:
    with whole_file(path) as draft:
        plain = draft.with_name(f"{draft.stem}-plain{draft.suffix}")
        try:
            with writing(path):
                write(plain)
            sign_change(plain, draft, change, identity)
        finally:
            plain.unlink(missing_ok=True)
    return Derivative(path=path, signed="inside")


def _write_beside(path: Path, change: Change, identity: Identity, write: Callable[[Path], object]) -> Derivative:
    whole = whole_sequence if is_sequence(path) else whole_file
    with whole(path) as draft:
        with writing(path):
            write(draft)
        manifest = sign_change_beside(list_files(draft), change, identity)
    with whole_file(beside(path)) as draft, writing(path):
        draft.write_bytes(manifest)
    return Derivative(path=path, signed="beside", notes=(f"the signature of {path} is {beside(path)}",))
