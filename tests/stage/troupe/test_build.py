from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ozora.errors import MediaError, UserError
from ozora.stage.troupe.archive import ARCHIVE_PLACE
from ozora.stage.troupe.build import build_pack, open_archive, read_credits
from ozora.stage.troupe.pack import read_pack
from tests.stage.troupe.game_files import ROLE, DictFiles, game


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    path = tmp_path / "unpacked" / ARCHIVE_PLACE
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in game().files.items():
            archive.writestr(name, data)
    return tmp_path / "unpacked"


def test_builds_from_an_unpacked_package(unpacked: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    out = build_pack(unpacked, tmp_path / "out" / "troupe.pack", tell=lines.append, roles=(ROLE,))
    first = out.read_bytes()
    assert list(read_pack(out).entries) == ["tall figure"]
    assert lines[0] == "1/1 tall figure"
    assert "wrote 1 members" in lines[-1]
    build_pack(unpacked / ARCHIVE_PLACE, out, roles=(ROLE,))
    assert out.read_bytes() == first


def test_credits_name_the_artists() -> None:
    credits_ = read_credits(game())
    assert credits_.authors == ("Wildfire Games", "Ada", "bob")
    assert credits_.license == "CC-BY-SA-3.0"
    with pytest.raises(MediaError):
        read_credits(DictFiles({"gui/credits/texts/art.json": b"[]"}))


def test_wrong_sources_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no package")
    for source in (tmp_path / "missing.deb", tmp_path / "notes.txt", tmp_path):
        with pytest.raises(MediaError):
            open_archive(source, tmp_path)


def test_a_broken_package_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "0ad-data.deb").write_bytes(b"no package")
    with pytest.raises(UserError, match=r"unpacked|not installed"):
        open_archive(tmp_path / "0ad-data.deb", tmp_path)


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt-get is not installed"):
        open_archive(None, tmp_path)
