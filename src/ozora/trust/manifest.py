"""Content credentials (C2PA 2): a signed manifest that says what made a file, and finding out whether it still holds.

MP4, GIF, PNG, JPEG and WebP carry it inside. WebM and numbered pictures cannot: they get a ``.c2pa`` file beside them.
A C2PA manifest always belongs to the bytes of a known format, so the one beside a file is signed for a picture of one
pixel that never changes, and an assertion of ours in it holds the hash of the real file.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from c2pa import Builder, C2paError, C2paSignerInfo, Context, Reader, Settings, Signer

from ozora.errors import TrustError
from ozora.media.output_file import is_sequence, number
from ozora.plan import Record
from ozora.trust.identity import Identity

MADE_BY_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
EMBEDDED = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".gif": "image/gif",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
GENERATION = "org.ozora.generation"
FILE_HASH = "org.ozora.file"
_DISCLOSURE = "Made by an AI model. No camera took this picture."
_CARRIER_FORMAT = "image/png"
_PIXEL = bytes.fromhex(  # written out, because encoders change
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a manifest says. ``state`` is "trusted" (signed with our chain), "valid" (with another) or "invalid".

    ``problems`` are C2PA's codes of what failed; ``generation`` is our own assertion, empty in files of others;
    ``file_sha256`` is the hash that a manifest beside its file holds.
    """

    state: str
    signer: str
    problems: tuple[str, ...]
    generation: dict[str, Any]
    file_sha256: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "signer": self.signer,
            "problems": list(self.problems),
            "generation": self.generation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was done to one file, without painting: ``action`` is one of C2PA's, such as "c2pa.transcoded".

    ``record`` and ``payload`` are those of ``parent`` where it was published here.
    """

    action: str
    parent: Path
    record: Record | None = None
    payload: int = 0
    show_prompt: bool = False
    time_authority: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything can be said of where the parent is from: a manifest must begin with that."""
        return self.record is not None or bool(_signable([self.parent]))


def is_embedded(path: Path) -> bool:
    """Whether the format of ``path`` carries its manifest inside."""
    return path.suffix.lower() in EMBEDDED and not is_sequence(path)


def beside(path: Path) -> Path:
    """Where the manifest of a file goes that cannot carry one: ``clip.webm.c2pa``, ``%04d.png`` -> ``record.c2pa``."""
    return path.with_name("record.c2pa" if is_sequence(path) else path.name + ".c2pa")


def sign(
    source: Path,
    target: Path,
    record: Record,
    identity: Identity,
    *,
    payload: int,
    parents: Sequence[Path] = (),
    show_prompt: bool = False,
    time_authority: str = "",
) -> None:
    """Write ``source`` to ``target`` with its manifest inside. ``TrustError`` when it cannot be signed."""
    assert source != target
    manifest = _describe(record, payload, parents, show_prompt=show_prompt, file_format=EMBEDDED[target.suffix.lower()])
    with _signing(identity, time_authority) as signer, _building(manifest, parents) as builder:
        builder.sign_file(source, target, signer)


def sign_beside(
    files: Sequence[Path],
    record: Record,
    identity: Identity,
    *,
    payload: int,
    parents: Sequence[Path] = (),
    show_prompt: bool = False,
    time_authority: str = "",
) -> bytes:
    """The content of the ``.c2pa`` file for ``files``, the pictures of a sequence or one file of any format."""
    manifest = _describe(record, payload, parents, show_prompt=show_prompt, file_format=_CARRIER_FORMAT)
    manifest["assertions"].append({"label": FILE_HASH, "data": {"alg": "sha256", "hash": hash_files(files)}})
    with _signing(identity, time_authority) as signer, _building(manifest, parents) as builder:
        builder.set_no_embed()
        content: bytes = builder.sign(signer, _CARRIER_FORMAT, io.BytesIO(_PIXEL), io.BytesIO())
    return content


def sign_change(source: Path, target: Path, change: Change, identity: Identity) -> None:
    """As ``sign``, for a file that was made of another one without painting."""
    assert source != target
    manifest = _describe_change(change, EMBEDDED[target.suffix.lower()])
    with _signing(identity, change.time_authority) as signer, _building(manifest, [change.parent]) as builder:
        builder.sign_file(source, target, signer)


def sign_change_beside(files: Sequence[Path], change: Change, identity: Identity) -> bytes:
    """As ``sign_beside``, for files that were made of another one without painting."""
    manifest = _describe_change(change, _CARRIER_FORMAT)
    manifest["assertions"].append({"label": FILE_HASH, "data": {"alg": "sha256", "hash": hash_files(files)}})
    with _signing(identity, change.time_authority) as signer, _building(manifest, [change.parent]) as builder:
        builder.set_no_embed()
        content: bytes = builder.sign(signer, _CARRIER_FORMAT, io.BytesIO(_PIXEL), io.BytesIO())
    return content


def read(path: Path, anchor_pem: bytes = b"") -> Credential | None:
    """The manifest in ``path`` or beside it, checked against the file; ``None`` when there is none."""
    if is_embedded(path):
        return _read(path, None, anchor_pem)
    if not beside(path).is_file():
        return None
    credential = _read(_CARRIER_FORMAT, beside(path).read_bytes(), anchor_pem)
    return None if credential is None else _compare(credential, path)


def list_files(path: Path) -> list[Path]:
    """``path``, or the pictures of a sequence in their order."""
    return _pictures(path) if is_sequence(path) else [path]


def hash_files(files: Sequence[Path]) -> str:
    """SHA-256 of one file, or of the hashes of many, as hexadecimal digits."""
    digests = [_digest(path) for path in files]
    return digests[0].hex() if len(digests) == 1 else hashlib.sha256(b"".join(digests)).hexdigest()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _describe_change(change: Change, file_format: str) -> dict[str, Any]:
    """The manifest of a change: that of the parent's record where there is one, with what was done last."""
    assert change.is_known
    agent = {"name": "Ozora", "version": version("ozora")}
    made = {"action": change.action, "softwareAgent": agent, "when": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if change.record is not None:
        manifest = _describe(
            change.record, change.payload, [change.parent], show_prompt=change.show_prompt, file_format=file_format
        )
        manifest["assertions"][0]["data"]["actions"][-1] = made
        return manifest
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent0"]}}
    return {
        "claim_generator_info": [agent],
        "title": change.parent.name,
        "format": file_format,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [opened, made]}}],
    }


def _describe(
    record: Record, payload: int, parents: Sequence[Path], *, show_prompt: bool, file_format: str
) -> dict[str, Any]:
    """The manifest as C2PA's builder wants it: what was done, with what, and that a machine did it."""
    plan = record.plan
    agent = {"name": plan.model, "version": record.versions.get("ozora", "unknown")}
    named = [f"parent{number}" for number, _ in enumerate(_signable(parents))]
    made = {
        "action": "c2pa.edited" if parents else "c2pa.created",
        "digitalSourceType": MADE_BY_MODEL,
        "softwareAgent": agent,
        "when": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": named[:1]}}
    begun = {"action": "c2pa.created", "digitalSourceType": MADE_BY_MODEL}
    actions = [made] if not parents else [opened, made] if named else [begun, made]
    generation = {
        "disclosure": _DISCLOSURE,
        "model": plan.model,
        "weights_sha256": record.weights_sha256,
        "seed": plan.seed,
        "watermark": f"{payload:08x}",
        "parents": [hash_files([parent]) for parent in parents],
        **_prompt(record, show_prompt=show_prompt),
    }
    system = {"@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}}
    return {
        "claim_generator_info": [{"name": "Ozora", "version": agent["version"]}],
        "title": f"ozora {payload:08x}",
        "format": file_format,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": "cawg.metadata", "data": {**system, "Iptc4xmpExt:AISystemUsed": f"Ozora, {plan.model}"}},
            {"label": GENERATION, "data": generation},
        ],
    }


def _prompt(record: Record, *, show_prompt: bool) -> dict[str, str]:
    text = "\n".join(prompt.text for prompt in record.plan.prompts)
    return {"prompt": text} if show_prompt else {"prompt_sha256": hashlib.sha256(text.encode()).hexdigest()}


def _signable(parents: Sequence[Path]) -> list[Path]:
    """The parents that C2PA can take as ingredients: it reads their bytes, so the format must be one it knows."""
    return [parent for parent in parents if parent.suffix.lower() in EMBEDDED]


@contextlib.contextmanager
def _signing(identity: Identity, time_authority: str) -> Iterator[Signer]:
    address = time_authority.encode() or None
    try:
        with Signer.from_info(
            C2paSignerInfo(identity.algorithm, identity.chain_pem, identity.key_pem, address)
        ) as signer:
            yield signer
    except C2paError as error:
        raise TrustError(f"the file cannot be signed ({error}): see `ozora trust status`") from error


@contextlib.contextmanager
def _building(manifest: dict[str, Any], parents: Sequence[Path]) -> Iterator[Builder]:
    with Builder(manifest, context=_context(b"")) as builder:
        for number, parent in enumerate(_signable(parents)):
            label = f"parent{number}"
            relation = "parentOf" if number == 0 else "componentOf"
            ingredient = {"title": parent.name, "relationship": relation, "instance_id": label, "label": label}
            with parent.open("rb") as file:
                builder.add_ingredient(ingredient, EMBEDDED[parent.suffix.lower()], file)
        yield builder


@functools.cache
def _context(anchor_pem: bytes) -> Context:
    settings: dict[str, Any] = {"builder": {"thumbnail": {"enabled": False}}}
    if anchor_pem:
        settings |= {"trust": {"user_anchors": anchor_pem.decode()}, "verify": {"verify_trust": True}}
    return Context(settings=Settings.from_dict(settings))


def _read(source: Path | str, content: bytes | None, anchor_pem: bytes) -> Credential | None:
    """Of the file ``source``; or of the manifest ``content`` of a picture of one pixel, ``source`` being its format."""
    context = _context(anchor_pem)
    try:
        if content is None:
            reader = Reader(source, context=context)
        else:
            reader = Reader(source, io.BytesIO(_PIXEL), manifest_data=content, context=context)
        with reader:
            return _parse(reader.get_validation_state(), json.loads(reader.json()))
    except C2paError.ManifestNotFound:
        return None
    except (C2paError, ValueError, KeyError) as error:
        problem = str(error) or type(error).__name__
        return Credential(state="invalid", signer="", problems=(problem,), generation={}, file_sha256="")


def _parse(state: str, data: dict[str, Any]) -> Credential:
    manifest = data["manifests"][data["active_manifest"]]
    assertions = {item["label"]: item["data"] for item in manifest.get("assertions", [])}
    failures = data.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    signature = manifest.get("signature_info", {})
    return Credential(
        state=state.lower(),
        signer=f"{signature.get('common_name', '')}, {signature.get('issuer', '')}",
        problems=tuple(failure["code"] for failure in failures),
        generation=assertions.get(GENERATION, {}),
        file_sha256=assertions.get(FILE_HASH, {}).get("hash", ""),
    )


def _compare(credential: Credential, path: Path) -> Credential:
    """What stands beside a file counts only if it is of this file."""
    if credential.file_sha256 == hash_files(list_files(path)):
        return credential
    return replace(credential, state="invalid", problems=(*credential.problems, f"{FILE_HASH}.mismatch"))


def _pictures(path: Path) -> list[Path]:
    numbered = (number(path, index) for index in itertools.count(1))
    return list(itertools.takewhile(Path.is_file, numbered))
