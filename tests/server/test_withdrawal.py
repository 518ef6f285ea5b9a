from __future__ import annotations

from pathlib import Path

from ozora import pipeline
from ozora.server.withdrawal import withdraw
from ozora.trust import audit
from ozora.trust.ledger import Ledger
from ozora.trust.publish import Terms
from tests.server.samples import plan
from tests.server.stub import StubBackend


def test_what_was_published_is_forgotten_and_the_log_says_so(stub: StubBackend, tmp_path: Path) -> None:
    home, video = tmp_path / "home", tmp_path / "video.mp4"
    *_, _ = pipeline.make(plan(), video, terms=Terms(home=home))
    with Ledger(home) as ledger:
        assert ledger.count() == 1
    assert withdraw(video, home)
    with Ledger(home) as ledger:
        assert ledger.count() == 0
    assert [line["event"] for line in audit.read(home)][-2:] == ["published", "withdrawn"]
    assert audit.check(home).broken_at is None


def test_what_was_not_published_is_nothing_to_withdraw(tmp_path: Path) -> None:
    assert not withdraw(tmp_path / "none.mp4", tmp_path)
    (tmp_path / "other.mp4").write_bytes(b"x")
    assert not withdraw(tmp_path / "other.mp4", tmp_path)
