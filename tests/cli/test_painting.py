from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ozora.cli.painting import compare, paint, summarize
from ozora.cli.screen import Screen
from ozora.errors import OutputError
from tests.cli.fake_pipeline import PLAN, RECORD, FakePipeline


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def screen(shown: io.StringIO) -> Screen:
    return Screen(console=Console(file=shown, width=80))


def test_notes_come_first_then_progress_then_the_file(tmp_path: Path, screen: Screen, shown: io.StringIO) -> None:
    path, record = paint(FakePipeline(), PLAN, tmp_path / "a.mp4", screen)
    assert path.stat().st_size > 0
    assert record == RECORD
    lines = shown.getvalue().splitlines()
    assert lines == ["The model does not know the word 'zebra'.", "loading the model 1/1", "painting 1/2"]


def test_a_file_that_can_carry_no_credentials_is_said_to_before_work(
    tmp_path: Path, screen: Screen, shown: io.StringIO
) -> None:
    paint(FakePipeline(), PLAN, tmp_path / "a.webm", screen)
    assert "carries no content credentials" in shown.getvalue().replace("\n", " ").partition("loading")[0]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_nothing_is_written_when_it_stops(tmp_path: Path, screen: Screen, stop: type[BaseException]) -> None:
    with pytest.raises(stop):
        paint(FakePipeline(stop), PLAN, tmp_path / "new" / "a.mp4", screen)
    assert not list(tmp_path.iterdir())


def test_the_output_is_checked_before_any_work(tmp_path: Path, screen: Screen) -> None:
    with pytest.raises(OutputError):
        paint(FakePipeline(stop=AssertionError), PLAN, tmp_path / "a.txt", screen)
    with pytest.raises(OutputError, match="not 5"):
        paint(FakePipeline(stop=AssertionError), PLAN, tmp_path / "a.png", screen)


def test_a_repeat_is_compared_by_its_pixels() -> None:
    assert "same" in compare(RECORD, replace(RECORD, versions={"ozora": "1"}))
    other = replace(RECORD, pixels_sha256="2" * 64)
    assert compare(RECORD, other) == "the pixels differ from the record"
    assert "ozora was 0 and is 1" in compare(RECORD, replace(other, versions={"ozora": "1"}))


def test_a_take_in_one_line() -> None:
    assert summarize(RECORD) == "48x32, 0.625 s at 8 frames a second, seed 7, painted by fake in 0.5 s"
