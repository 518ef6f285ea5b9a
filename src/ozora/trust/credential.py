"""Content credentials that are in a file or beside it: read, checked against the file, and never looked up elsewhere.

Everything here works on the bytes that are at hand. C2PA's library would follow an address in a file's XMP, ask for
revocation lists and look up identities; all of that is off, whoever sent the file.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from c2pa import C2paError, Context, Reader, Settings

from ozora.control_characters import escape_controls
from ozora.media.file_type import sniff_file
from ozora.trust.file_hash import list_files
from ozora.trust.identity import Identity

ELSEWHERE = "elsewhere"
SIGNABLE = {
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".gif": "image/gif",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}
"""Formats that carry credentials which programs of others can check, by suffix. WebM, Matroska and EXR do not."""
READABLE = {*SIGNABLE.values(), "image/avif", "image/heic", "image/heif", "video/x-msvideo"}
"""Formats whose credentials can be read."""
_MAX_TEXT = 200
GENERATION = "org.ozora.generation"
"""The label of our own assertion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What the credentials of a file say, and whether they hold.

    ``state`` is "trusted" (by a chain that signs or has signed here), "valid" (by another), "invalid", or "elsewhere"
    (not in the file; nothing is fetched). ``is_changed``: the signature holds, and a hash in it proves that the file is
    not as it was signed. ``serial`` is that of the certificate. ``problems`` are C2PA's codes. ``generation`` is our
    own assertion, empty in files of others. Texts of others have their control characters written out.
    """

    state: str
    signer: str = ""
    serial: str = ""
    problems: tuple[str, ...] = ()
    is_changed: bool = False
    generation: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "signer": self.signer,
            "problems": list(self.problems),
            "generation": self.generation,
        }


def is_signable(path: Path) -> bool:
    """Whether a file of this name, or each picture of a sequence, can carry credentials inside."""
    return path.suffix.lower() in SIGNABLE


def explain_unsigned(path: Path) -> str:
    """Return what a user is told of a file that ``is_signable`` says no of."""
    return (
        f"{path} carries no content credentials: no program reads them in {path.suffix} files; what is published here "
        f"is known by its watermark and in the ledger"
    )


def read_credential(path: Path, identity: Identity | None = None) -> Credential | None:
    """Return the credentials in a file or beside it, checked against it; ``None`` where there are none.

    Each picture of a sequence carries its own; they must all hold and speak of one take.
    """
    found = [_read_one(file, identity) for file in list_files(path)]
    if not found or found[0] is None:
        return None
    first = found[0]
    for other in found[1:]:
        if other is None or other.generation != first.generation:
            return replace(first, state="invalid", problems=("org.ozora.sequence.mismatch",))
        if other.state != first.state:
            return other if other.is_changed else replace(first, state="invalid", problems=other.problems)
    return first


def open_reader(path: Path, context: Context) -> Reader | None:
    """Return C2PA's reader of the credentials in a file or beside it, ``None`` where there are none or none are read.

    ``C2paError`` when they are damaged or kept elsewhere.
    """
    media_type = sniff_file(path)
    if media_type not in READABLE:
        return None
    with path.open("rb") as file:
        try:
            return Reader(media_type, file, context=context)
        except C2paError.ManifestNotFound:
            beside = find_beside(path)
            if beside is None:
                return None
    with path.open("rb") as file, contextlib.suppress(C2paError.ManifestNotFound):
        return Reader(media_type, file, manifest_data=beside.read_bytes(), context=context)
    return None


def find_beside(path: Path) -> Path | None:
    """Return the file that holds the credentials of another: ``clip.mp4.c2pa`` or, as c2patool does, ``clip.c2pa``."""
    places = (path.with_name(f"{path.name}.c2pa"), path.with_suffix(".c2pa"))
    return next((place for place in places if place.is_file() and place != path), None)


@functools.cache
def make_context(anchors_pem: bytes = b"") -> Context:
    """Return C2PA's settings for everything that we do: no thumbnails, no calls to anybody, ``anchors_pem`` trusted."""
    settings: dict[str, Any] = {
        "builder": {
            "thumbnail": {"enabled": False},
            "bmff_hash_exclude_free_and_skip_boxes": False,  # or anything could be put into an MP4 unnoticed
        },
        "core": {"allowed_network_hosts": [], "allow_redirects": False, "decode_identity_assertions": False},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    if anchors_pem:
        settings["trust"] = {"user_anchors": anchors_pem.decode()}
        settings["verify"]["verify_trust"] = True
    return Context(settings=Settings.from_dict(settings))


def _read_one(path: Path, identity: Identity | None) -> Credential | None:
    anchors = b"" if identity is None else identity.anchor_pem + identity.earlier_pem
    try:
        reader = open_reader(path, make_context(anchors))
        if reader is None:
            return None
        with reader:
            return _parse(reader.get_validation_state() or "Invalid", json.loads(reader.json()))
    except (C2paError, ValueError, KeyError, TypeError, AttributeError) as error:
        return _explain(error)


def _explain(error: Exception) -> Credential:
    """What is known of credentials that cannot be read: nothing is proven by them."""
    said = str(error) or type(error).__name__
    address = re.search(r"remote manifests? from url (\S+)", said)
    if address is not None:
        said = f"its credentials are kept elsewhere, at {address[1]}, where nobody is asked"
        return Credential(state=ELSEWHERE, problems=(_show(said),))
    return Credential(state="invalid", problems=(_show(said),))


def _parse(state: str, data: dict[str, Any]) -> Credential:
    manifest = data["manifests"][data["active_manifest"]]
    assertions = {item["label"]: item["data"] for item in manifest.get("assertions", [])}
    failures = data.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    codes = tuple(_show(str(failure["code"])) for failure in failures)
    signature = manifest.get("signature_info", {})
    names = [str(signature.get(name, "")) for name in ("common_name", "issuer")]
    generation = assertions.get(GENERATION, {})
    return Credential(
        state=state.lower(),
        signer=_show(", ".join(name for name in names if name)),
        serial=str(signature.get("cert_serial_number", "")),
        problems=codes,
        is_changed=_is_changed(codes),
        generation=_show_all(generation) if isinstance(generation, dict) else {},
    )


def _is_changed(codes: Sequence[str]) -> bool:
    """Whether the failures are hashes of the content that differ under a signature that holds, and nothing else."""
    differs = [code for code in codes if re.fullmatch(r"assertion\.(\w+Hash|hashedURI)\.mismatch", code)]
    return bool(differs) and len(differs) == len(codes)


def _show(text: str) -> str:
    shown = escape_controls(text)
    return shown if len(shown) <= _MAX_TEXT else f"{shown[:_MAX_TEXT]}..."


def _show_all(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {escape_controls(str(name)): _show_all(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_show_all(item) for item in value]
    return escape_controls(value) if isinstance(value, str) else value
