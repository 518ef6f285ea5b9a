"""Where a file comes from: its signature, then the watermark in its pictures, then how it looks.

Each verdict says what is proved and no more. "Edited" needs a hash that differs under a signature that holds; a mark in
a picture that looks different proves nothing of that picture, since a mark can be lifted off one and laid on another.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ozora.errors import MediaError
from ozora.media import read_image, read_video
from ozora.media.file_type import is_still, sniff_file
from ozora.media.output_file import is_sequence
from ozora.trust import audit
from ozora.trust.credential import ELSEWHERE, Credential, read_credential
from ozora.trust.file_hash import hash_files, list_files
from ozora.trust.fingerprint import SIMILAR, fingerprint, measure_likeness
from ozora.trust.identity import FOLDER, Identity, load
from ozora.trust.ledger import FILE, Entry, Ledger, hash_record
from ozora.trust.ledger_audit import PUBLISHED
from ozora.trust.settings import find_home
from ozora.trust.watermark import Detection, detect

Origin = Literal[
    "signed", "signed_earlier", "as_published", "edited", "unsigned", "foreign_mark", "look_alike", "unknown"
]
SENTENCES: dict[Origin, str] = {
    "signed": "signed and intact",
    "signed_earlier": "intact, signed with an earlier certificate",
    "as_published": "as it was published here, by its hash; it carries no signature",
    "edited": "ours, but edited since it was signed",
    "unsigned": "ours, without its signature",
    "foreign_mark": "a mark of ours on another picture, or on a changed copy",
    "look_alike": "looks like a file that was published here, which proves nothing",
    "unknown": "unknown",
}
MARKED_LOOK = 12.0
"""Bits of 64: a picture with our mark that looks no more different than this from what was published is taken for a
copy of it. Copies that were only encoded again are at 0 to 6, pairs of different clips of the stage at 12 to 36."""
OTHER_BYTES = (
    "its bytes are not those that left here: what C2PA's hash leaves out, such as the credentials themselves, differs"
)
OTHER_RECORD = "the ledger holds another record than the one that was signed, so none is shown: restore the ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``origin`` with what speaks for it.

    ``credential`` is what its manifest says (of whomever), ``watermark`` what was found in the pictures, ``looks`` the
    distance of its fingerprint to that of ``entry`` in bits of 64; ``entry`` is the published file that it is or was.
    ``notes`` are sentences on what is not proved.
    """

    origin: Origin
    credential: Credential | None = None
    watermark: Detection | None = None
    looks: float | None = None
    entry: Entry | None = None
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        return SENTENCES[self.origin]

    def to_dict(self) -> dict[str, Any]:
        mark = self.watermark
        return {
            "verdict": self.sentence,
            "origin": self.origin,
            "credential": None if self.credential is None else self.credential.to_dict(),
            "watermark": None if mark is None else _describe(mark),
            "looks": self.looks,
            "published": None if self.entry is None else self.entry.to_dict(),
            "notes": list(self.notes),
        }


def verify(path: Path, *, home: Path | None = None) -> Verdict:
    """Where ``path`` comes from, as far as this installation can tell; about a second when it is not signed.

    ``MediaError`` when it is no picture or video that can be read.
    """
    home = home or find_home()
    if not list_files(path) or not list_files(path)[0].is_file():
        raise MediaError(f"{path} does not exist: give the path of a picture or video")
    identity = load_any(home)
    credential = read_credential(path, identity)
    verdict = None if identity is None else _judge(path, identity, home, credential)
    if verdict is None:
        _read_frames(path)  # a file that is none is an error, not "unknown"
        return Verdict(origin="unknown", credential=credential, notes=_explain(credential))
    return _check_record(replace(verdict, notes=(*verdict.notes, *_explain(credential))), home)


def load_any(home: Path) -> Identity | None:
    """Return the identity of a home, ``None`` when there is none. ``TrustError`` when it is damaged."""
    return load(home, is_to_sign=False) if (home / FOLDER).exists() else None


def _judge(path: Path, identity: Identity, home: Path, credential: Credential | None) -> Verdict | None:
    """By the signature and the hash of the file; else by its pictures."""
    entry = _find_file(home, path)
    if credential is not None and credential.generation:
        if credential.state == "trusted":
            return _judge_signed(path, identity, home, credential, entry)
        if credential.is_changed:
            return Verdict(origin="edited", credential=credential, entry=_find(home, _payload(credential)))
    if entry is None and _is_derived(home, path) and credential is not None:
        entry = _find(home, _payload(credential))
    if entry is not None:  # byte for byte, whatever has become of certificates since
        origin: Origin = "as_published" if credential is None else "signed_earlier"
        return Verdict(origin=origin, credential=credential, entry=entry)
    return _judge_pictures(_read_frames(path), identity, home, credential)


def _judge_signed(path: Path, identity: Identity, home: Path, credential: Credential, entry: Entry | None) -> Verdict:
    origin: Origin = "signed" if credential.serial == identity.serial else "signed_earlier"
    known = entry is not None or _is_derived(home, path)
    return Verdict(
        origin=origin,
        credential=credential,
        entry=entry or _find(home, _payload(credential)),  # a derivative is entered under its parent
        notes=() if known else (OTHER_BYTES,),
    )


def _judge_pictures(
    frames: NDArray[np.uint8], identity: Identity, home: Path, credential: Credential | None
) -> Verdict | None:
    watermark = detect(frames, identity.watermark_key)
    if watermark is not None:
        entry = _find(home, watermark.payload)
        seen = np.ascontiguousarray(frames[:, :, ::-1]) if watermark.mirrored else frames
        looks = None if entry is None else measure_likeness(fingerprint(seen), entry.fingerprint)
        if looks is None or looks > MARKED_LOOK:
            return Verdict(origin="foreign_mark", credential=credential, watermark=watermark, looks=looks)
        return Verdict(origin="unsigned", credential=credential, watermark=watermark, looks=looks, entry=entry)
    if not (home / FILE).exists():
        return None
    with Ledger(home) as ledger:
        for view in (frames, frames[:, :, ::-1]):
            similar = ledger.find_similar(fingerprint(np.ascontiguousarray(view)))
            if similar is not None and similar[1] < SIMILAR:
                return Verdict(origin="look_alike", credential=credential, entry=similar[0], looks=similar[1])
    return None


def _check_record(verdict: Verdict, home: Path) -> Verdict:
    """Without the entry when the ledger's record is not the one that was signed, or written to the log."""
    if verdict.entry is None:
        return verdict
    credential = verdict.credential
    holds = credential is not None and (credential.state == "trusted" or credential.is_changed)
    signed = credential.generation if credential is not None and holds else {}
    proofs = (_matches_signed(verdict.entry, signed), _matches_log(verdict.entry, home))
    if all(proof is not False for proof in proofs):
        return verdict
    return replace(verdict, entry=None, notes=(*verdict.notes, OTHER_RECORD))


def _matches_signed(entry: Entry, generation: dict[str, Any]) -> bool | None:
    """Whether the record is the one whose hash was signed, or in files from before that, its prompt; ``None`` when
    neither was."""
    if "record_sha256" in generation:
        return bool(generation["record_sha256"] == hash_record(entry.record))
    if "prompt_sha256" in generation:
        text = "\n".join(str(prompt.get("text")) for prompt in entry.record.get("plan", {}).get("prompts", []))
        return bool(generation["prompt_sha256"] == hashlib.sha256(text.encode()).hexdigest())
    return None


def _matches_log(entry: Entry, home: Path) -> bool | None:
    """Whether the record is the one that the log names; ``None`` when the log does not know."""
    for line in audit.find_lines(home, entry.file_sha256):
        data = line.get("data", {})
        if line.get("event") == PUBLISHED and data.get("file_sha256") == entry.file_sha256:
            return bool(data["record_sha256"] == hash_record(entry.record)) if "record_sha256" in data else None
    return None


def _is_derived(home: Path, path: Path) -> bool:
    """Whether the log knows these bytes as made of a published file."""
    return bool(audit.find_lines(home, hash_files(list_files(path))))


def _explain(credential: Credential | None) -> tuple[str, ...]:
    return credential.problems if credential is not None and credential.state == ELSEWHERE else ()


def _find_file(home: Path, path: Path) -> Entry | None:
    if not (home / FILE).exists():
        return None
    with Ledger(home) as ledger:
        return ledger.find_file(hash_files(list_files(path)))


def _find(home: Path, payload: int) -> Entry | None:
    if not (home / FILE).exists():
        return None
    with Ledger(home) as ledger:
        return ledger.find_payload(payload)


def _payload(credential: Credential) -> int:
    """The number of the published file that a signed file is, or was made of."""
    try:
        return int(str(credential.generation.get("watermark", "0")), 16)
    except ValueError:
        return 0


def _read_frames(path: Path) -> NDArray[np.uint8]:
    if is_sequence(path):
        return np.stack([read_image(picture) for picture in list_files(path)])
    if is_still(sniff_file(path)):
        return read_image(path)[None]
    return read_video(path)[0]


def _describe(mark: Detection) -> dict[str, object]:
    return {
        "payload": f"{mark.payload:08x}",
        "strength": round(mark.strength, 3),
        "scale": round(mark.scale, 3),
        "mirrored": mark.mirrored,
    }
