from __future__ import annotations

from pathlib import Path

import pytest

from ozora.errors import TrustError
from ozora.trust.settings import TrustSettings, find_home, read_settings


def test_home_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OZORA_HOME", str(tmp_path))
    assert find_home() == tmp_path
    monkeypatch.delenv("OZORA_HOME")
    assert find_home() == Path.home() / ".local/share/ozora"


def test_no_file_is_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == TrustSettings()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_text('{"prompt": "text", "rules": ["a.json"]}')
    assert read_settings(tmp_path) == TrustSettings(prompt="text", rules=("a.json",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "does not exist: there are certificate"),
        ('{"promt": "text"}', "does not exist"),
        ('{"prompt": "no"}', '"hash" or "text"'),
        ('{"certificate": "a.pem"}', "both"),
        ('{"certificate": 1, "key": 2}', "wrong kind"),
    ],
)
def test_what_cannot_be_understood_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "trust.json").write_text(text)
    with pytest.raises(TrustError, match=says):
        read_settings(tmp_path)
