"""Likeness: a real person is shown only while a record of consent says so.

Records are the file ``consents.json`` in the home folder. They are never erased, only revoked.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ozora.errors import TrustError
from ozora.media import write_text
from ozora.trust.lemma import find_lemmas

FILE = "consents.json"
ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """``person`` allows to be shown, by the API keys in ``scope`` (or "any"), until ``expires_at``.

    ``evidence`` says where the signed paper is. Times are UTC in ISO 8601; ``revoked_at`` is empty while it holds.
    """

    person: str
    scope: tuple[str, ...]
    given_at: str
    expires_at: str
    evidence: str
    revoked_at: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "scope": list(self.scope)}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Consent:
        consent = Consent(**{**data, "scope": tuple(data["scope"])})
        for moment in (consent.given_at, consent.expires_at, consent.revoked_at or consent.given_at):
            _time(moment)
        return consent


def read_consents(home: Path) -> tuple[Consent, ...]:
    """All records, revoked ones too; ``TrustError`` when the file is damaged."""
    path = home / FILE
    if not path.exists():
        return ()
    try:
        return tuple(Consent.from_dict(item) for item in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrustError(f"{path} cannot be read: restore it from a backup") from error


def add_consent(home: Path, consent: Consent) -> None:
    """Write down a consent."""
    _write(home, (*read_consents(home), Consent.from_dict(consent.to_dict())))


def revoke_consent(home: Path, person: str) -> None:
    """End every consent of ``person`` now; ``TrustError`` when there is none."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    old = read_consents(home)
    new = tuple(replace(c, revoked_at=c.revoked_at or now) if _same(c.person, person) else c for c in old)
    if not any(_same(consent.person, person) for consent in old):
        raise TrustError(f"there is no consent of {person}")
    _write(home, new)


def may_show(consents: Sequence[Consent], person: str, key: str, now: datetime | None = None) -> bool:
    """Whether ``key`` may show ``person`` now."""
    at = now or datetime.now(UTC)
    return any(_same(consent.person, person) and _holds(consent, key, at) for consent in consents)


def _holds(consent: Consent, key: str, at: datetime) -> bool:
    revoked = bool(consent.revoked_at) and _time(consent.revoked_at) <= at
    in_time = _time(consent.given_at) <= at < _time(consent.expires_at)
    return in_time and not revoked and (ANY in consent.scope or key in consent.scope)


def _same(one: str, other: str) -> bool:
    return find_lemmas(one) == find_lemmas(other)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _write(home: Path, consents: Sequence[Consent]) -> None:
    write_text(home / FILE, json.dumps([consent.to_dict() for consent in consents], indent=2, ensure_ascii=False))
