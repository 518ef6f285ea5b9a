"""The one way out: policy, watermark, file, signature, ledger, log. It fails closed.

Everything is made in hidden neighbors of the path; they take their names when all has succeeded, else nothing is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ozora.errors import PolicyError, TimeAuthorityError, TrustError
from ozora.media import check_output, sidecar
from ozora.media.output_file import is_sequence, passing_file, whole_file, whole_sequence, writing
from ozora.plan import FrameOrigins, Plan, Record
from ozora.trust import audit
from ozora.trust.claims import claim_origin, describe_take
from ozora.trust.credential import is_signable
from ozora.trust.file_hash import hash_files, list_files
from ozora.trust.fingerprint import FrameSampler
from ozora.trust.held import HeldTake, hold_take
from ozora.trust.identity import Identity, init
from ozora.trust.ingredients import read_ingredients
from ozora.trust.ledger import Entry, Ledger, hash_record
from ozora.trust.ledger_audit import PUBLISHED, WITHDRAWN
from ozora.trust.manifest import Manifest, sign_file
from ozora.trust.policy import DEFAULT_KEY, Decision, Policy, decide, decide_frames, load_policy, strictest
from ozora.trust.readiness import prove
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
    """Under what a file is published: the API ``key``, and the policy and home folder if not the installation's.

    ``holds``: a take that only lacks its time stamp is kept for ``ozora trust publish``; a server paints on from its
    last step instead.
    """

    key: str = DEFAULT_KEY
    policy: Policy | None = None
    home: Path | None = None
    holds: bool = True


class Publication:
    """A file that is being published: ``add`` its frames as they come, then ``seal`` it with its record."""

    def __init__(
        self, film: Film, sampler: FrameSampler, payload: int, key: bytes | None, check: Callable[[Frames], None]
    ) -> None:
        self.record: Record | None = None
        self.entry: Entry
        """What was written down; there when the block that it is made in has ended."""
        self._film, self._sampler, self._payload, self._key, self._check = film, sampler, payload, key, check

    def add(self, frames: Frames) -> None:
        """Check, mark and write frames [f, h, w, 3]. ``PolicyError`` when they are refused."""
        if not len(frames):
            return
        self._check(frames)
        for picture in frames if self._key is None else mark(frames, self._payload, self._key):
            self._sampler.add(picture)
            self._film.add(picture)

    def seal(self, record: Record) -> None:
        """All frames are there; ``record`` says how they were made."""
        self.record = record


@contextlib.contextmanager
def publishing(
    plan: Plan, path: Path, *, open: Open, origins: FrameOrigins | None = None, terms: Terms | None = None
) -> Iterator[Publication]:
    """Publish to ``path`` the frames that are added in the block, marked and signed, with the record beside them.

    Whole or not at all: nothing is at the path before the block ends, nor if it fails or seals no record of ``plan``.
    That a file can be signed and written down is proved, and what the plan is made of is looked at, before the first
    frame. The rules are asked then, and once more, as they are then, after the last. ``open(draft)`` gives what
    encodes; ``origins`` are what will be painted and kept (default: all is painted). ``PolicyError`` when it may not be
    published, ``OutputError`` when it cannot be written, ``TrustError`` when it cannot be marked, signed or written
    down.
    """
    terms = terms or Terms()
    home = terms.home or find_home()
    check_output(path, frames=plan.shape.frames)
    prove(home)
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
        ingredients = read_ingredients(plan.conditions, identity, ledger)
        claim = claim_origin(origins or FrameOrigins(painted=plan.shape.frames), ingredients)
        payload = ledger.draw_payload()
        sampler = FrameSampler(plan.shape.frames)
        key = identity.watermark_key if claim.source_type or claim.is_made_by_model else None
        with _taken_back(ledger, payload), _finished(path) as draft, passing_file(draft.file) as plain:
            with open(plain) as film:
                publication = Publication(film, sampler, payload, key, check)
                yield publication
                record = publication.record
                if record is None or record.plan != plan:
                    raise TrustError(f"what was to be {path} has no record of its plan, so it is not published")
                policy = terms.policy or load_policy(home, read_settings(home), terms.key)
                _act(strictest([*decisions, decide(text, policy)]), text, policy, home)
            take = HeldTake(
                path=path,
                record=record,
                claim=claim,
                ingredients=ingredients,
                payload=payload,
                fingerprint=sampler.fingerprint(),
            )
            try:
                publication.entry = _enter(take, plain, draft, identity, settings, ledger)
            except TimeAuthorityError as error:
                if terms.holds:
                    number = hold_take(home, take, plain)
                    raise TimeAuthorityError(f"{error}; `ozora trust publish {number}` then finishes {path}") from error
                raise
            noted = {"file_sha256": publication.entry.file_sha256, "record_sha256": hash_record(record.to_dict())}
            audit.append(home, PUBLISHED, {"watermark": f"{payload:08x}", **noted})


def publish(frames: Frames, record: Record, path: Path, *, open: Open, terms: Terms | None = None) -> Entry:
    """``publishing`` of ``frames`` [f, h, w, 3] that are all there."""
    with publishing(record.plan, path, open=open, origins=record.origins, terms=terms) as publication:
        publication.add(frames)
        publication.seal(record)
    return publication.entry


def publish_held(home: Path, take: HeldTake, plain: Path) -> Entry:
    """Sign and write down a take that was held, to the path that it was painted for. Errors as ``publishing``."""
    prove(home)
    identity, settings = init(home), read_settings(home)
    with Ledger(home) as ledger, _taken_back(ledger, take.payload), _finished(take.path) as draft:
        entry = _enter(take, plain, draft, identity, settings, ledger)
        noted = {"file_sha256": entry.file_sha256, "record_sha256": hash_record(entry.record)}
        audit.append(home, PUBLISHED, {"watermark": f"{take.payload:08x}", **noted})
    return entry


def withdraw(path: Path, *, home: Path | None = None) -> None:
    """Take back the publication of a file that nobody has got and nobody will: its ledger row goes, the log says so."""
    home = home or find_home()
    with Ledger(home) as ledger:
        entry = ledger.find_file(hash_files(list_files(path)))
        if entry is None:
            return
        ledger.remove(entry.payload)
    audit.append(home, WITHDRAWN, {"watermark": f"{entry.payload:08x}", "file_sha256": entry.file_sha256})


def check_prompts(plan: Plan, *, terms: Terms | None = None) -> None:
    """``check_prompt`` of all that a plan says."""
    check_prompt(_text(plan), terms=terms)


def check_prompt(text: str, *, terms: Terms | None = None) -> None:
    """Refuse now what ``publish`` would refuse later because of its prompt. ``PolicyError`` says why."""
    terms = terms or Terms()
    home = terms.home or find_home()
    policy = terms.policy or load_policy(home, read_settings(home), terms.key)
    _act(decide(text, policy), text, policy, home)


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


def _enter(
    take: HeldTake, plain: Path, draft: _Draft, identity: Identity, settings: TrustSettings, ledger: Ledger
) -> Entry:
    """Sign the encoded file into the draft, write its record beside it, and enter it in the ledger."""
    if is_signable(take.path):
        definition = describe_take(
            take.record, take.claim, take.ingredients, payload=take.payload, show_prompt=settings.prompt == "text"
        )
        manifest = Manifest(definition=definition, ingredients=take.ingredients)
        with writing(take.path):
            sign_file(plain, draft.file, manifest, identity, time_authority=settings.time_authority)
    else:
        with writing(take.path):
            _copy(plain, draft.file)
    with writing(take.path):
        draft.record.write_text(take.record.to_json(), encoding="utf-8")
    return ledger.add(
        payload=take.payload,
        file_sha256=hash_files(list_files(draft.file)),
        fingerprint=take.fingerprint,
        record=take.record.to_dict(),
        claim=take.claim.to_dict(),
    )


def _copy(plain: Path, target: Path) -> None:
    for picture in list_files(plain):
        shutil.copyfile(picture, target.parent / picture.name if is_sequence(plain) else target)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """Hidden paths to write to: the file or pattern, and its record."""

    file: Path
    record: Path


@contextlib.contextmanager
def _finished(path: Path) -> Iterator[_Draft]:
    """Drafts that take their names when the block ends well, the file last of all; else nothing new stays."""
    beside = sidecar(path)
    is_new = not beside.exists()
    whole = whole_sequence if is_sequence(path) else whole_file
    try:
        with whole(path) as file, whole_file(beside) as record:
            yield _Draft(file=file, record=record)
    except BaseException:
        if is_new:
            beside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _taken_back(ledger: Ledger, payload: int) -> Iterator[None]:
    """Forget the number again if the block fails."""
    try:
        yield
    except BaseException:
        ledger.remove(payload)
        raise
