from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from ozora.cli.screen import Screen, draw
from ozora.errors import UserError
from tests.cli.fake_pipeline import PLAN, RECORD, FakePipeline


def _terminal(*, colors: bool = True) -> Console:
    return Console(file=io.StringIO(), width=80, force_terminal=True, color_system="truecolor" if colors else None)


def _shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_a_bar_and_the_picture(tmp_path: Path) -> None:
    console = _terminal()
    record = Screen(console=console).follow(FakePipeline().make(PLAN, tmp_path / "a.mp4"))
    assert record == RECORD
    assert "painting" in _shown(console)
    assert "▀" in _shown(console)


@pytest.mark.parametrize(("colors", "preview"), [(True, False), (False, None)])
def test_no_picture_where_it_is_not_wanted_or_not_possible(tmp_path: Path, colors: bool, preview: bool | None) -> None:
    console = _terminal(colors=colors)
    Screen(console=console, preview=preview).follow(FakePipeline().make(PLAN, tmp_path / "a.mp4"))
    assert "painting" in _shown(console)
    assert "▀" not in _shown(console)


def test_a_preview_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(UserError, match="terminal"):
        Screen(console=Console(file=io.StringIO()), preview=True)


def test_quiet_says_nothing(tmp_path: Path) -> None:
    console = _terminal()
    screen = Screen(console=console, quiet=True)
    screen.say("hello")
    assert screen.follow(FakePipeline().make(PLAN, tmp_path / "a.mp4")) == RECORD
    assert _shown(console) == ""


def test_sentences_are_printed_as_they_are() -> None:
    console = Console(file=io.StringIO(), width=20)
    Screen(console=console).say("[bold]a prompt[/bold] that is longer than the terminal")
    assert _shown(console) == "[bold]a prompt[/bold] that is longer than the terminal\n"


def test_half_blocks_carry_two_pixels_each() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = (255, 0, 0)
    segments = list(draw(picture, 2).segments)
    assert [segment.text for segment in segments] == ["▀", "▀", "\n"]
    style = segments[0].style
    assert style is not None
    assert style.color is not None
    assert style.bgcolor is not None
    assert style.color.triplet == (255, 0, 0)
    assert style.bgcolor.triplet == (0, 0, 0)


def test_a_clip_is_drawn_as_three_pictures() -> None:
    clip = np.broadcast_to(np.array([0, 90, 180, 250, 255], np.uint8)[:, None, None, None], (5, 8, 8, 3))
    colors = {segment.style.color for segment in draw(clip, 24).segments if segment.style}
    assert {color.triplet.red for color in colors if color and color.triplet} == {0, 180, 255}
