from __future__ import annotations

import hashlib
from pathlib import Path

from ozora.trust.file_hash import hash_files, list_files


def test_one_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"one")
    assert list_files(tmp_path / "a.mp4") == [tmp_path / "a.mp4"]
    assert hash_files([tmp_path / "a.mp4"]) == hashlib.sha256(b"one").hexdigest()


def test_numbered_pictures_are_known_by_all_of_them_in_their_order(tmp_path: Path) -> None:
    for number in (1, 2, 4):
        (tmp_path / f"{number:04d}.png").write_bytes(str(number).encode())
    files = list_files(tmp_path / "%04d.png")
    assert [path.name for path in files] == ["0001.png", "0002.png"]
    assert hash_files(files) != hash_files(files[::-1])
