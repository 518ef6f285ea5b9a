from __future__ import annotations

import json
from pathlib import Path

import pytest

from ozora.cli.commands import app, call
from ozora.errors import TimeAuthorityError, TrustError, UnknownNameError
from ozora.trust import audit
from ozora.trust.held import drop_held, find_held, list_held
from ozora.trust.ledger import Ledger
from ozora.trust.publish import Terms, publish, publish_held, publishing
from ozora.trust.verify import verify
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD, record_of
from tests.trust.time_authority import TimeAuthority, stamping

CLIP = draw_clip(0)


def _home(folder: Path, authority: TimeAuthority) -> Path:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "trust.json").write_text(json.dumps({"time_authority": authority.address}))
    return home


def _paint_until_the_clock_fails(path: Path, home: Path, authority: TimeAuthority, *, holds: bool = True) -> None:
    """The service answers before the painting and not after it."""
    authority.answer = "stamp"
    frames = 2 if path.suffix == ".png" else len(CLIP)
    record = record_of(frames=frames)
    with pytest.raises(TimeAuthorityError):  # noqa: SIM117
        with publishing(record.plan, path, open=film, terms=Terms(home=home, holds=holds)) as publication:
            publication.add(CLIP[:frames])
            publication.seal(record)
            authority.answer = "refuse"


@pytest.mark.parametrize("name", ["a.mp4", "%04d.png"])
def test_a_take_that_lacks_its_time_stamp_is_kept_and_published_later(tmp_path: Path, name: str) -> None:
    with stamping(tmp_path / "clock") as authority:
        home, path = _home(tmp_path, authority), tmp_path / "out" / name
        _paint_until_the_clock_fails(path, home, authority)
        assert not path.parent.exists() or not list(path.parent.iterdir())
        with Ledger(home) as ledger:
            assert ledger.count() == 0
        ((number, take),) = list_held(home).items()
        assert take.path == path
        take, plain = find_held(home, number)
        with pytest.raises(TimeAuthorityError):
            publish_held(home, take, plain)
        authority.answer = "stamp"
        entry = publish_held(home, take, plain)
        assert verify(path, home=home).origin == "signed"
        assert verify(path, home=home).entry == entry
        drop_held(home, number)
        assert list_held(home) == {}
        assert [line["event"] for line in audit.read(home)][-1] == "published"


def test_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stamping(tmp_path / "clock") as authority:
        home, path = _home(tmp_path, authority), tmp_path / "a.mp4"
        _paint_until_the_clock_fails(path, home, authority)
        assert call(app, ["trust", "publish", "--home", str(home)]) == 0
        number = capsys.readouterr().out.split()[0]
        assert call(app, ["trust", "publish", number, "--home", str(home)]) == 3
        authority.answer = "stamp"
        assert call(app, ["trust", "publish", number, "--home", str(home)]) == 0
        assert path.exists()
        assert call(app, ["trust", "publish", number, "--home", str(home)]) == 2


def test_a_server_keeps_none(tmp_path: Path) -> None:
    with stamping(tmp_path / "clock") as authority:
        home = _home(tmp_path, authority)
        _paint_until_the_clock_fails(tmp_path / "a.mp4", home, authority, holds=False)
        assert list_held(home) == {}


def test_nothing_is_painted_when_the_service_is_away_from_the_start(tmp_path: Path) -> None:
    with stamping(tmp_path / "clock") as authority:
        home = _home(tmp_path, authority)
        authority.answer = "refuse"
        with pytest.raises(TimeAuthorityError):
            publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
        assert list_held(home) == {}


def test_what_waits_and_is_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="none"):
        find_held(tmp_path, "0000abcd")
    (tmp_path / "held" / "0000abcd").mkdir(parents=True)
    (tmp_path / "held" / "0000abcd" / "take.json").write_text("{")
    with pytest.raises(TrustError, match=r"take\.json"):
        list_held(tmp_path)
