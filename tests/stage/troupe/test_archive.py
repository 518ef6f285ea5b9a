from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ozora.errors import MediaError
from ozora.stage.troupe.archive import ZipFiles


def test_reads_by_name(tmp_path: Path) -> None:
    path = tmp_path / "public.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("art/a.xml", b"<actor/>")
    files = ZipFiles(path)
    assert files.has("art/a.xml")
    assert files.read("art/a.xml") == b"<actor/>"
    with pytest.raises(MediaError, match=r"no art/b\.xml"):
        files.read("art/b.xml")
    files.close()


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "public.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"text" * 20)
    path.write_bytes(path.read_bytes().replace(b"texttext", b"tuxttext", 1))
    files = ZipFiles(path)
    with pytest.raises(MediaError, match="damaged"):
        files.read("a")
    files.close()


@pytest.mark.parametrize("data", [None, b"", b"not a zip"])
def test_other_files_are_refused(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "public.zip"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(MediaError, match="zip"):
        ZipFiles(path)
