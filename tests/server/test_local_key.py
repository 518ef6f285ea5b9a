from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ozora.errors import UserError
from ozora.server.local_key import FILE, find_local_key, keep_local_key


def test_it_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        text = keep_local_key(home)
    finally:
        os.umask(before)
    assert text.startswith("oz_local_") and len(text) == len("oz_local_") + 48
    assert keep_local_key(home) == text
    assert [path.name for path in home.iterdir()] == [FILE]
    assert ((home / FILE).stat().st_mode & 0o777, home.stat().st_mode & 0o777) == (0o600, 0o700)


def test_many_who_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    start, texts = threading.Barrier(8), list[str]()

    def keep() -> None:
        start.wait()
        texts.append(keep_local_key(tmp_path / "home"))

    threads = [threading.Thread(target=keep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 8 and len(set(texts)) == 1


def test_a_homes_folder_that_others_may_look_into_is_narrowed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    keep_local_key(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_what_others_can_read_proves_nothing(mode: int, tmp_path: Path) -> None:
    keep_local_key(tmp_path)
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(UserError, match="remove it"):
        keep_local_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"secret", b"oz_local_xyz", b"\xff" * 60])
def test_a_damaged_one_is_said_and_never_replaced(content: bytes, tmp_path: Path) -> None:
    keep_local_key(tmp_path)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UserError, match="holds no key"):
        keep_local_key(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_home_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be read or made"):
        keep_local_key(tmp_path / "file")


def test_it_is_found_for_this_machine_only() -> None:
    assert find_local_key("http://127.0.0.1:8000") == find_local_key("http://[::1]/v1") != ""
    assert find_local_key("http://128.0.0.1:8000") == ""
