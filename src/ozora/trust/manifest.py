"""Signing: a manifest goes into a file, with the credentials of what the file was made of (C2PA 2)."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from c2pa import Builder, C2paError, C2paSignerInfo, Reader, Signer

from ozora.errors import TimeAuthorityError, TrustError
from ozora.media.output_file import is_sequence
from ozora.trust.claims import MADE_BY_MODEL, Definition
from ozora.trust.credential import SIGNABLE, make_context
from ozora.trust.file_hash import list_files
from ozora.trust.identity import Identity
from ozora.trust.ingredients import Ingredient, add_ingredients

TIME_AUTHORITY_S = 20.0
"""A time stamp service that has not answered after so many seconds is away."""
_PIXEL = bytes.fromhex(  # a PNG of one pixel, to sign on trial
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is signed into a file, and the files that it was made of."""

    definition: Definition
    ingredients: tuple[Ingredient, ...] = ()


def sign_file(source: Path, target: Path, manifest: Manifest, identity: Identity, *, time_authority: str = "") -> None:
    """Write ``source`` to ``target`` with the manifest inside; of a sequence, each picture with the same one.

    ``TimeAuthorityError`` when only the time stamp service failed, ``TrustError`` when it cannot be signed at all.
    """
    if is_sequence(source):
        for picture in list_files(source):
            _sign_one(picture, target.parent / picture.name, manifest, identity, time_authority)
    else:
        _sign_one(source, target, manifest, identity, time_authority)


def prove_signature(identity: Identity, *, time_authority: str = "") -> None:
    """Sign one pixel and read it back: key, certificates, chain and time stamp service do what they must.

    ``TrustError`` or ``TimeAuthorityError`` say which does not.
    """
    actions = [{"action": "c2pa.created", "digitalSourceType": MADE_BY_MODEL}]
    definition = {
        "claim_generator_info": [{"name": "Ozora"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }
    signed = io.BytesIO()
    _sign(io.BytesIO(_PIXEL), signed, "image/png", Manifest(definition=definition), identity, time_authority)
    try:
        with Reader("image/png", io.BytesIO(signed.getvalue()), context=make_context(identity.anchor_pem)) as reader:
            state = reader.get_validation_state()
            failures = (reader.get_validation_results() or {}).get("activeManifest", {}).get("failure", [])
    except C2paError as error:
        raise TrustError(
            f"what {identity.name} signs cannot be read back ({error}): replace the certificate"
        ) from error
    if state != "Trusted":
        codes = ", ".join(str(failure["code"]) for failure in failures) or state
        raise TrustError(f"what {identity.name} signs does not hold ({codes}): replace the certificate or its chain")


def _sign_one(source: Path, target: Path, manifest: Manifest, identity: Identity, time_authority: str) -> None:
    assert source != target
    with source.open("rb") as plain, target.open("w+b") as signed:
        _sign(plain, signed, SIGNABLE[target.suffix.lower()], manifest, identity, time_authority)


def _sign(
    plain: BinaryIO,
    signed: BinaryIO,
    media_type: str,
    manifest: Manifest,
    identity: Identity,
    time_authority: str,
) -> None:
    address = time_authority.encode() or None
    data = {
        **manifest.definition,
        "format": media_type,
        "ingredients": [item.to_json() for item in manifest.ingredients if not item.archive],
    }

    def work() -> None:
        credentials = C2paSignerInfo(identity.algorithm, identity.chain_pem, identity.key_pem, address)
        with Signer.from_info(credentials) as signer, Builder(data, context=make_context()) as builder:
            add_ingredients(builder, manifest.ingredients)
            builder.sign(signer, media_type, plain, signed)

    try:
        _run_within(TIME_AUTHORITY_S, work) if address else work()
    except TimeoutError as error:
        raise TimeAuthorityError(
            f"the time stamp service {time_authority} has not answered for {TIME_AUTHORITY_S:g} seconds: try later"
        ) from error
    except C2paError as error:
        if address:
            prove_signature(identity)  # without the service: an error of our own is told as that
            raise TimeAuthorityError(
                f"the time stamp service {time_authority} gives no time stamp ({error}): try again later, or change "
                f"time_authority in trust.json"
            ) from error
        raise TrustError(f"the file cannot be signed ({error}): see `ozora trust status`") from error


def _run_within(seconds: float, work: Callable[[], None]) -> None:
    """Do ``work`` in a thread of its own; ``TimeoutError`` when it takes longer, and it is left to itself."""
    ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            work()
        except BaseException as error:
            ended.put(error)
        else:
            ended.put(None)

    threading.Thread(target=run, daemon=True).start()
    try:
        error = ended.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
