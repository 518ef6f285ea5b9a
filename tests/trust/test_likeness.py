from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ozora.errors import TrustError
from ozora.trust.likeness import Consent, add_consent, may_show, read_consents, revoke_consent

CONSENT = Consent(
    person="Ada Example",
    scope=("studio",),
    given_at="2026-01-01T00:00:00+00:00",
    expires_at="2027-01-01T00:00:00+00:00",
    evidence="drawer 3",
)
DURING = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_consent_holds_for_its_person_scope_and_time() -> None:
    assert may_show([CONSENT], "ada example", "studio", DURING)
    assert not may_show([CONSENT], "Bob Example", "studio", DURING)
    assert not may_show([CONSENT], "Ada Example", "other", DURING)
    assert may_show([replace(CONSENT, scope=("any",))], "Ada Example", "other", DURING)
    assert not may_show([CONSENT], "Ada Example", "studio", datetime(2027, 1, 1, tzinfo=UTC))
    assert not may_show([CONSENT], "Ada Example", "studio", datetime(2025, 12, 31, tzinfo=UTC))
    assert not may_show([replace(CONSENT, revoked_at="2026-05-01T00:00:00")], "Ada Example", "studio", DURING)


def test_records_are_kept_and_revoked_but_not_erased(tmp_path: Path) -> None:
    assert read_consents(tmp_path) == ()
    add_consent(tmp_path, CONSENT)
    assert read_consents(tmp_path) == (CONSENT,)
    revoke_consent(tmp_path, "Ada Example")
    (kept,) = read_consents(tmp_path)
    assert kept.revoked_at
    assert not may_show([kept], "Ada Example", "studio")
    with pytest.raises(TrustError, match="no consent of Bob"):
        revoke_consent(tmp_path, "Bob")


@pytest.mark.parametrize("text", ["{", "[1]", '[{"person": "x"}]', "[{}]"])
def test_damaged_records_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "consents.json").write_text(text)
    with pytest.raises(TrustError, match="backup"):
        read_consents(tmp_path)
