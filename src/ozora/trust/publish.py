"""The one way out: policy, watermark, file, signature, ledger, log. It fails closed.

Everything is made in hidden neighbors of the path; they take their names when all has succeeded, else nothing is there.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ozora.errors import PolicyError, TrustError
from ozora.media import check_output, sidecar
from ozora.media.output_file import is_sequence, whole_file, whole_sequence, writing
from ozora.plan import Plan, Record
from ozora.trust import audit
from ozora.trust.fingerprint import gather, look
from ozora.trust.identity import Identity, init
from ozora.trust.ledger import Entry, Ledger
from ozora.trust.manifest import beside, hash_files, is_embedded, list_files, sign, sign_beside
from ozora.trust.policy import DEFAULT_KEY, Decision, Policy, decide, decide_frames, load_policy, strictest
from ozora.trust.review import ReviewQueue
from ozora.trust.settings import TrustSettings, find_home, read_settings
from ozora.trust.watermark import mark

Frames = NDArray[np.uint8]


class Film(Protocol):
    """Takes pictures [h, w, 3] one by one, as ``ozora.media.VideoWriter`` does."""

    def add(self, picture: NDArray[np.uint8], /) -> None: ...


Open = Callable[[Path], AbstractContextManager[Film]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under what a file is published: the API ``key``, and the policy and home folder if not the installation's."""

    key: str = DEFAULT_KEY
    policy: Policy | None = None
    home: Path | None = None


class Publication:
    """A file that is being published: ``add`` its frames as they come, then ``seal`` it with its record."""

    def __init__(self, film: Film, payload: int, key: bytes, check: Callable[[Frames], None]) -> None:
        self.record: Record | None = None
        self.looks: list[bytes] = []
        self.entry: Entry
        """What was written down; there when the block that it is made in has ended."""
        self._film, self._payload, self._key, self._check = film, payload, key, check

    def add(self, frames: Frames) -> None:
        """Check, mark and write frames [f, h, w, 3]. ``PolicyError`` when they are refused."""
        if not len(frames):
            return
        self._check(frames)
        for picture in mark(frames, self._payload, self._key):
            self.looks.append(look(picture))
            self._film.add(picture)

    def seal(self, record: Record) -> None:
        """All frames are there; ``record`` says how they were made."""
        self.record = record


@contextlib.contextmanager
def publishing(
    plan: Plan, path: Path, *, open: Open, parents: Sequence[Path] = (), terms: Terms | None = None
) -> Iterator[Publication]:
    """Publish to ``path`` the frames that are added in the block, marked and signed, with the record beside them.

    Whole or not at all: nothing is at the path before the block ends, nor if it fails or seals no record of ``plan``.
    The rules are asked before the first frame, and once more, as they are then, after the last.
    ``open(draft)`` gives what encodes. ``parents`` are the files that this one is made from. The identity is made when
    there is none yet. ``PolicyError`` when it may not be published, ``OutputError`` when it cannot be written,
    ``TrustError`` when it cannot be marked, signed or written down.
    """
    terms = terms or Terms()
    home = terms.home or find_home()
    check_output(path, frames=plan.shape.frames)
    for parent in parents:
        if not parent.is_file():
            raise TrustError(f"{parent}, which this was made from, is gone: put it back and try again")
    identity, settings = init(home), read_settings(home)
    policy = terms.policy or load_policy(home, settings, terms.key)
    text = _text(plan)
    decisions = [decide(text, policy)]
    if decisions[0].verdict != "allow":
        _act(decisions[0], text, policy, home)

    def check(frames: Frames) -> None:
        decisions.append(decide_frames(frames, policy))
        if strictest(decisions).verdict == "refuse":  # at once, not when all of it is painted
            _act(strictest(decisions), text, policy, home)

    with Ledger(home) as ledger:
        payload = ledger.draw_payload()
        with _taken_back(ledger, payload), _finished(path) as draft, contextlib.ExitStack() as stack:
            plain = stack.enter_context(_plain(draft.file)) if draft.manifest is None else draft.file
            with open(plain) as film:
                publication = Publication(film, payload, identity.watermark_key, check)
                yield publication
                record = publication.record
                if record is None or record.plan != plan:
                    raise TrustError(f"what was to be {path} has no record of its plan, so it is not published")
                policy = terms.policy or load_policy(home, read_settings(home), terms.key)
                _act(strictest([*decisions, decide(text, policy)]), text, policy, home)
            work = _Work(record=record, payload=payload, parents=tuple(parents), identity=identity, settings=settings)
            file_sha256 = _write_signed(work, plain, draft, path)
            publication.entry = ledger.add(
                payload=payload,
                file_sha256=file_sha256,
                fingerprint=gather(publication.looks),
                record=record.to_dict(),
            )
            audit.append(home, "published", {"watermark": f"{payload:08x}", "file_sha256": file_sha256})


def publish(
    frames: Frames,
    record: Record,
    path: Path,
    *,
    open: Open,
    parents: Sequence[Path] = (),
    terms: Terms | None = None,
) -> Entry:
    """``publishing`` of ``frames`` [f, h, w, 3] that are all there."""
    with publishing(record.plan, path, open=open, parents=parents, terms=terms) as publication:
        publication.add(frames)
        publication.seal(record)
    return publication.entry


def derive(parent: Path, path: Path, *, write: Callable[[Path], object], home: Path | None = None) -> None:
    """Write a picture made of the frames of a published file, and sign it as made of that; whole or not at all.

    Its pictures carry the watermark of ``parent`` already, so that nothing is marked or entered anew. ``TrustError``
    when ``parent`` is not what was published, or the picture cannot be signed.
    """
    home = home or find_home()
    assert is_embedded(path), path
    with Ledger(home) as ledger:
        entry = ledger.find_file(hash_files([parent]))
    if entry is None:
        raise TrustError(f"{parent} is not a file as it was published here: nothing is made of it")
    identity, settings = init(home), read_settings(home)
    with whole_file(path) as draft, _plain(draft) as plain:
        write(plain)
        sign(
            plain,
            draft,
            Record.from_dict(entry.record),
            identity,
            payload=entry.payload,
            parents=(parent,),
            show_prompt=settings.prompt == "text",
            time_authority=settings.time_authority,
        )
    hashes = {"parent_sha256": entry.file_sha256, "file_sha256": hash_files([path])}
    audit.append(home, "derived", {"watermark": f"{entry.payload:08x}", **hashes})


def check_prompts(plan: Plan, *, terms: Terms | None = None) -> None:
    """``check_prompt`` of all that a plan says."""
    check_prompt(_text(plan), terms=terms)


def check_prompt(text: str, *, terms: Terms | None = None) -> None:
    """Refuse now what ``publish`` would refuse later because of its prompt. ``PolicyError`` says why."""
    terms = terms or Terms()
    home = terms.home or find_home()
    policy = terms.policy or load_policy(home, read_settings(home), terms.key)
    _act(decide(text, policy), text, policy, home)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What is signed with one file."""

    record: Record
    payload: int
    parents: tuple[Path, ...]
    identity: Identity
    settings: TrustSettings


def _text(plan: Plan) -> str:
    """What is judged. What is not wanted is shown after all where the guidance is less than one."""
    shown = [plan.negative] if plan.negative and plan.sampler.guidance < 1 else []
    return "\n".join([*(prompt.text for prompt in plan.prompts), *shown])


def _act(decision: Decision, text: str, policy: Policy, home: Path) -> None:
    """Log the decision and raise unless it, or a person in the review, allows."""
    noted = {**decision.to_dict(), "key": policy.key, "prompt_sha256": hashlib.sha256(text.encode()).hexdigest()}
    audit.append(home, "decided", noted)
    if decision.verdict == "refuse":
        raise PolicyError(f"this is refused: {decision.reason} (rule {decision.rule}); change the prompt")
    if decision.verdict == "review":
        with ReviewQueue(home) as queue:
            case = queue.ask(policy.key, text, decision)
        if case.answer == "refused":
            raise PolicyError(f"this was refused by {case.answered_by}: {decision.reason}; change the prompt")
        if case.answer == "waiting":
            raise PolicyError(
                f"this waits for review as number {case.number}: {decision.reason} (rule {decision.rule}); "
                f"`ozora trust review` answers it"
            )


def _write_signed(work: _Work, plain: Path, draft: _Draft, path: Path) -> str:
    """Sign the encoded file into the draft, and write what goes beside it; returns the hash of the file."""
    show_prompt, time_authority = work.settings.prompt == "text", work.settings.time_authority
    if draft.manifest is None:
        sign(
            plain,
            draft.file,
            work.record,
            work.identity,
            payload=work.payload,
            parents=work.parents,
            show_prompt=show_prompt,
            time_authority=time_authority,
        )
    else:
        content = sign_beside(
            list_files(draft.file),
            work.record,
            work.identity,
            payload=work.payload,
            parents=work.parents,
            show_prompt=show_prompt,
            time_authority=time_authority,
        )
        with writing(path):
            draft.manifest.write_bytes(content)
    with writing(path):
        draft.record.write_text(work.record.to_json(), encoding="utf-8")
    return hash_files(list_files(draft.file))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """Hidden paths to write to: the file or pattern, its record, and its manifest if that stands beside it."""

    file: Path
    record: Path
    manifest: Path | None


@contextlib.contextmanager
def _finished(path: Path) -> Iterator[_Draft]:
    """Drafts that take their names when the block ends well, the file last of all; else nothing new stays."""
    besides = [sidecar(path)] + ([] if is_embedded(path) else [beside(path)])
    new = [place for place in besides if not place.exists()]
    whole = whole_sequence if is_sequence(path) else whole_file
    try:
        with whole(path) as file, contextlib.ExitStack() as stack:
            drafts = [stack.enter_context(whole_file(place)) for place in besides]
            yield _Draft(file=file, record=drafts[0], manifest=drafts[1] if drafts[1:] else None)
    except BaseException:
        for place in new:
            place.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _plain(signed: Path) -> Iterator[Path]:
    """A path for the unsigned file, which does not stay."""
    plain = signed.with_name(f"{signed.stem}-plain{signed.suffix}")
    try:
        yield plain
    finally:
        plain.unlink(missing_ok=True)


@contextlib.contextmanager
def _taken_back(ledger: Ledger, payload: int) -> Iterator[None]:
    """Forget the number again if the block fails."""
    try:
        yield
    except BaseException:
        ledger.remove(payload)
        raise
