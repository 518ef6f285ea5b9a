from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.cli.clip_name import name_clip
from ozora.media import check_output


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("A red ball, rolls left!", "a-red-ball-rolls-left.mp4"),
        ("赤いボール", "赤いボール.mp4"),
        ("../../etc/passwd", "etc-passwd.mp4"),
        ("!!!", "clip.mp4"),
        ("word " * 40, "word-word-word-word-word-word-word-word-word-word-word-word.mp4"),
    ],
)
def test_name_of_a_prompt(tmp_path: Path, prompt: str, name: str) -> None:
    assert name_clip(prompt, suffix=".mp4", folder=tmp_path) == tmp_path / name


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    assert name_clip("a", suffix=".mp4", folder=tmp_path).name == "a-2.mp4"
    (tmp_path / "a-2.mp4.json").touch()
    assert name_clip("a", suffix=".mp4", folder=tmp_path).name == "a-3.mp4"
    assert name_clip("a", suffix=".png", folder=tmp_path).name == "a.png"


@given(st.text())
def test_every_prompt_gives_a_name_that_can_be_written(prompt: str) -> None:
    path = name_clip(prompt, suffix=".mp4", folder=Path("missing-folder"))
    check_output(path)
    assert path.parent == Path("missing-folder")
