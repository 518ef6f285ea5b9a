"""Where a file comes from: its signature, then the watermark in its pictures, then how it looks."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ozora.errors import MediaError
from ozora.media import read_image, read_video
from ozora.media.output_file import IMAGE_SUFFIXES, is_sequence
from ozora.trust.fingerprint import SIMILAR, fingerprint
from ozora.trust.identity import FOLDER, Identity, load
from ozora.trust.ledger import FILE, Entry, Ledger
from ozora.trust.manifest import Credential, hash_files, list_files, read
from ozora.trust.settings import find_home
from ozora.trust.watermark import Detection, detect

Origin = Literal["signed", "ours", "unknown"]
SENTENCES: dict[Origin, str] = {
    "signed": "signed and intact",
    "ours": "ours, but stripped or edited",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``origin`` with what speaks for it.

    ``credential`` is what its manifest says (of whomever), ``watermark`` what was found in the pictures, ``looks`` the
    distance of its fingerprint to that of ``entry`` in bits of 64; ``entry`` is the published file that it is or was.
    """

    origin: Origin
    credential: Credential | None = None
    watermark: Detection | None = None
    looks: float | None = None
    entry: Entry | None = None

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
        }


def verify(path: Path, *, home: Path | None = None) -> Verdict:
    """Where ``path`` comes from, as far as this installation can tell; about a second when it is not signed.

    ``MediaError`` when it is no picture or video that can be read.
    """
    home = home or find_home()
    if not list_files(path) or not list_files(path)[0].is_file():
        raise MediaError(f"{path} does not exist: give the path of a picture or video")
    identity = load(home) if (home / FOLDER).exists() else None
    credential = read(path, identity.anchor_pem if identity else b"")
    if identity is not None and credential is not None and credential.state == "trusted" and credential.generation:
        entry = _find_file(home, path) or _find(home, _payload(credential))  # a derivative is entered under its parent
        return Verdict(origin="signed", credential=credential, entry=entry)
    frames = _read_frames(path)
    found = None if identity is None else _recognize(path, frames, identity, home, credential)
    return found or Verdict(origin="unknown", credential=credential)


def _recognize(
    path: Path, frames: NDArray[np.uint8], identity: Identity, home: Path, credential: Credential | None
) -> Verdict | None:
    ours = functools.partial(Verdict, origin="ours", credential=credential)
    watermark = detect(frames, identity.watermark_key)
    if watermark is not None:
        return ours(watermark=watermark, entry=_find(home, watermark.payload))
    same = _find_file(home, path)
    if same is not None:
        return ours(entry=same)
    if not (home / FILE).exists():
        return None
    with Ledger(home) as ledger:
        for view in (frames, frames[:, :, ::-1]):
            similar = ledger.find_similar(fingerprint(np.ascontiguousarray(view)))
            if similar is not None and similar[1] < SIMILAR:
                return ours(entry=similar[0], looks=similar[1])
    return None


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
    return int(str(credential.generation.get("watermark", "0")), 16)


def _read_frames(path: Path) -> NDArray[np.uint8]:
    if is_sequence(path):
        return np.stack([read_image(picture) for picture in list_files(path)])
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return read_image(path)[None]
    return read_video(path)[0]


def _describe(mark: Detection) -> dict[str, object]:
    return {
        "payload": f"{mark.payload:08x}",
        "strength": round(mark.strength, 3),
        "scale": round(mark.scale, 3),
        "mirrored": mark.mirrored,
    }
