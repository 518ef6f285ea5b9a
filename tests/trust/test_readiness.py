from __future__ import annotations

from pathlib import Path

import pytest

from ozora.errors import TrustError
from ozora.trust.readiness import prove


def test_a_new_home_is_ready(tmp_path: Path) -> None:
    prove(tmp_path)


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_text("{,}")
    with pytest.raises(TrustError, match=r"trust\.json"):
        prove(tmp_path)
