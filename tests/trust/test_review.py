from __future__ import annotations

from pathlib import Path

import pytest

from ozora.errors import TrustError, UnknownNameError
from ozora.trust.policy import Decision
from ozora.trust.review import ReviewQueue

DECISION = Decision(verdict="review", rule="nudity", category="sexual", reason="look first")


def test_a_case_waits_until_a_person_answers(tmp_path: Path) -> None:
    with ReviewQueue(tmp_path) as queue:
        case = queue.ask("studio", "a statue", DECISION)
        assert (case.number, case.answer, case.rule) == (1, "waiting", "nudity")
        assert queue.ask("studio", "a statue", DECISION) == case
        assert queue.ask("other", "a statue", DECISION).number != case.number
        assert len(queue.list_waiting()) == 2
        assert queue.answer(1, "approved", by="ada").answered_by == "ada"
        assert queue.ask("studio", "a statue", DECISION).answer == "approved"
        assert [case.key for case in queue.list_waiting()] == ["other"]


def test_an_unknown_case_is_named(tmp_path: Path) -> None:
    with ReviewQueue(tmp_path) as queue, pytest.raises(UnknownNameError, match="no case 7"):
        queue.answer(7, "refused", by="ada")


def test_a_damaged_queue_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "review.db").write_bytes(b"no database " * 1000)
    with pytest.raises(TrustError, match="cannot be used"):
        ReviewQueue(tmp_path)
