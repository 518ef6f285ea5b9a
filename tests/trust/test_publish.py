from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.errors import OutputError, OzoraError, PolicyError, TrustError
from ozora.media import VideoWriter, read_video
from ozora.plan import ImageCondition, Record
from ozora.trust import audit
from ozora.trust.credential import read_credential
from ozora.trust.fingerprint import SIMILAR, distance
from ozora.trust.identity import init
from ozora.trust.ledger import Ledger
from ozora.trust.policy import ALLOWED, Decision, load_policy
from ozora.trust.publish import Film, Terms, check_prompt, publish, publishing
from ozora.trust.review import ReviewQueue
from ozora.trust.settings import TrustSettings
from ozora.trust.watermark import detect
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD, record_of

CLIP = draw_clip(0)


@contextmanager
def _fail(path: Path) -> Iterator[VideoWriter]:
    """Encodes all but the end."""
    with film(path) as writer:
        yield writer
        raise OutputError("the disk is full")


class _Keeper:
    """Keeps what is written."""

    def __init__(self, film: Film, kept: list[NDArray[np.uint8]]) -> None:
        self._film, self._kept = film, kept

    def add(self, picture: NDArray[np.uint8]) -> None:
        self._kept.append(picture)
        self._film.add(picture)


@pytest.fixture
def terms(tmp_path: Path) -> Terms:
    return Terms(home=tmp_path / "home")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(
    ("name", "frames", "files"),
    [
        ("a.mp4", 12, ["a.mp4", "a.mp4.json"]),
        ("a.webm", 12, ["a.webm", "a.webm.json"]),
        ("a.png", 1, ["a.png", "a.png.json"]),
        ("%04d.png", 2, ["0001.png", "0002.png", "record.json"]),
    ],
)
def test_a_file_is_marked_signed_and_written_down(
    out: Path, terms: Terms, name: str, frames: int, files: list[str]
) -> None:
    given: list[NDArray[np.uint8]] = []

    @contextmanager
    def keep(path: Path) -> Iterator[Film]:
        with film(path) as writer:
            yield _Keeper(writer, given)

    entry = publish(CLIP[:frames], record_of(frames=frames), out / name, open=keep, terms=terms)
    assert _names(out) == files
    assert terms.home is not None
    identity = init(terms.home)
    credential = read_credential(out / name, identity)
    if name == "a.webm":
        assert credential is None
    else:
        assert credential is not None
        assert credential.state == "trusted"
        assert credential.generation["watermark"] == f"{entry.payload:08x}"
    detection = detect(np.stack(given), identity.watermark_key)
    assert detection is not None
    assert detection.payload == entry.payload
    with Ledger(terms.home) as ledger:
        assert ledger.find_payload(entry.payload) == entry
    assert [line["event"] for line in audit.read(terms.home)] == ["decided", "published"]
    assert audit.check(terms.home).broken_at is None


def test_an_old_file_is_replaced(out: Path, terms: Terms) -> None:
    first = publish(CLIP, RECORD, out / "a.mp4", open=film, terms=terms)
    second = publish(CLIP, RECORD, out / "a.mp4", open=film, terms=terms)
    assert first.payload != second.payload
    assert _names(out) == ["a.mp4", "a.mp4.json"]


def test_a_parent_that_is_gone_is_an_error(out: Path, terms: Terms) -> None:
    gone = ImageCondition(path=str(out / "no.png"), sha256="0" * 64)
    record = replace(RECORD, plan=replace(RECORD.plan, conditions=(gone,)))
    with pytest.raises(TrustError, match="is gone"):
        publish(CLIP, record, out / "a.mp4", open=film, terms=terms)
    assert _names(out) == []


def _break_ledger(home: Path) -> None:
    (home / "ledger.db").write_bytes(b"no database " * 1000)


def _break_log(home: Path) -> None:
    (home / "audit.jsonl").mkdir()


def _break_key(home: Path) -> None:
    (home / "identity" / "leaf.key").write_bytes(b"")


def _break_settings(home: Path) -> None:
    (home / "trust.json").write_text('{"time_authority": "http://127.0.0.1:9/nobody"}')


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "%04d.png"])
@pytest.mark.parametrize("break_it", [_break_ledger, _break_log, _break_key, _break_settings])
def test_nothing_is_published_if_a_step_fails(
    out: Path, terms: Terms, name: str, break_it: Callable[[Path], None]
) -> None:
    assert terms.home is not None
    init(terms.home)
    break_it(terms.home)
    with pytest.raises(TrustError):
        publish(CLIP[:2], RECORD, out / name, open=film, terms=terms)
    assert _names(out) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_nothing_stays_of_a_file_that_cannot_be_written(out: Path, terms: Terms, name: str) -> None:
    with pytest.raises(OutputError):
        publish(CLIP[:2], RECORD, out / name, open=_fail, terms=terms)
    assert _names(out) == []
    assert terms.home is not None
    with Ledger(terms.home) as ledger:
        assert ledger.count() == 0


def test_a_failure_keeps_the_old_file(out: Path, terms: Terms) -> None:
    publish(CLIP, RECORD, out / "a.mp4", open=film, terms=terms)
    old = (out / "a.mp4").read_bytes(), (out / "a.mp4.json").read_bytes()
    with pytest.raises(OutputError):
        publish(CLIP[:2], RECORD, out / "a.mp4", open=_fail, terms=terms)
    assert ((out / "a.mp4").read_bytes(), (out / "a.mp4.json").read_bytes()) == old


def test_what_the_policy_refuses_is_not_written(out: Path, terms: Terms) -> None:
    with pytest.raises(PolicyError, match=r"cruelty.*rule gore"):
        publish(CLIP, record_of("a beheading"), out / "a.mp4", open=film, terms=terms)
    assert _names(out) == []
    with pytest.raises(PolicyError, match="cruelty"):
        check_prompt("a beheading", terms=terms)
    check_prompt("a red ball", terms=terms)


def test_a_person_can_allow_what_was_held(out: Path, terms: Terms) -> None:
    record = record_of("a pikachu")
    assert terms.home is not None
    with pytest.raises(PolicyError, match="waits for review as number 1"):
        publish(CLIP, record, out / "a.mp4", open=film, terms=terms)
    with ReviewQueue(terms.home) as queue:
        queue.answer(1, "refused", by="ada")
    with pytest.raises(PolicyError, match="refused by ada"):
        publish(CLIP, record, out / "a.mp4", open=film, terms=terms)
    with ReviewQueue(terms.home) as queue:
        queue.answer(1, "approved", by="ada")
    publish(CLIP, record, out / "a.mp4", open=film, terms=terms)
    assert (out / "a.mp4").exists()


def test_a_check_of_frames_can_stop_it(out: Path, terms: Terms) -> None:
    assert terms.home is not None
    policy = load_policy(terms.home, TrustSettings())
    refused = Decision(verdict="refuse", rule="frames", reason="a face was seen")
    with pytest.raises(OzoraError, match="a face was seen"):
        stop = replace(policy, frame_check=lambda frames: refused)
        publish(CLIP, RECORD, out / "a.mp4", open=film, terms=replace(terms, policy=stop))
    assert _names(out) == []


def test_frames_are_written_as_they_come(out: Path, terms: Terms) -> None:
    whole = publish(CLIP, RECORD, out / "a.mp4", open=film, terms=terms)
    with publishing(RECORD.plan, out / "b.mp4", open=film, terms=terms) as publication:
        for piece in (CLIP[:1], CLIP[:0], CLIP[1:8], CLIP[8:]):
            publication.add(piece)
            assert "b.mp4" not in _names(out)
        publication.seal(RECORD)
    assert read_video(out / "b.mp4")[0].shape == CLIP.shape
    assert distance(publication.entry.fingerprint, whole.fingerprint) < SIMILAR
    assert publication.entry.record == whole.record


@pytest.mark.parametrize("sealed", [None, record_of("a blue cube")])
def test_a_file_without_its_record_is_not_published(out: Path, terms: Terms, sealed: Record | None) -> None:
    with pytest.raises(TrustError, match="no record"):  # noqa: SIM117 - what is in the block is what fails
        with publishing(RECORD.plan, out / "a.mp4", open=film, terms=terms) as publication:
            publication.add(CLIP)
            if sealed is not None:
                publication.seal(sealed)
    assert _names(out) == []


def test_a_check_stops_at_the_first_frames_that_it_refuses(out: Path, terms: Terms) -> None:
    assert terms.home is not None
    refused = Decision(verdict="refuse", rule="frames", reason="a face was seen")
    policy = replace(
        load_policy(terms.home, TrustSettings()), frame_check=lambda frames: refused if len(frames) == 5 else ALLOWED
    )
    added = []
    with pytest.raises(PolicyError, match="a face was seen"):  # noqa: SIM117
        with publishing(RECORD.plan, out / "a.mp4", open=film, terms=replace(terms, policy=policy)) as publication:
            for piece in (CLIP[:4], CLIP[4:9], CLIP[9:]):
                publication.add(piece)
                added.append(len(piece))
    assert added == [4]
    assert _names(out) == []
    with Ledger(terms.home) as ledger:
        assert ledger.count() == 0
