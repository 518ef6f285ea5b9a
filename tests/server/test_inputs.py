from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ozora.plan import ImageCondition
from ozora.server.inputs import bring, stow
from ozora.server.store import Store
from tests.server.samples import plan


@pytest.mark.parametrize("url", ["{}/files", "memory://inputs"])
def test_given_files_come_back_in_the_same_place(url: str, tmp_path: Path) -> None:
    picture = tmp_path / "given.png"
    picture.write_bytes(b"pixels")
    given = dataclasses.replace(plan(), conditions=(ImageCondition(path=str(picture), sha256="12ab"),))
    store = Store(url.format(tmp_path))
    stowed = stow(store, given, "video_1")
    picture.unlink()
    assert stowed.conditions[0].path == "store:videos/video_1/input-0"
    brought = bring(store, stowed)
    assert Path(brought.conditions[0].path).read_bytes() == b"pixels"
    assert brought == bring(store, stowed)
