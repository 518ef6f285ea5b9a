from __future__ import annotations

from pathlib import Path

import pytest

from ozora.cli.commands import app, call
from ozora.edit.storyboard import Look, read_board


def test_a_story_becomes_a_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "story.txt").write_text("A yellow robot walks left in a meadow. It jumps. At night it spins.")
    out = tmp_path / "board.yaml"
    assert call(app, ["script", str(tmp_path / "story.txt"), "-o", str(out), "--seconds", "6"]) == 0
    board = read_board(out)
    assert board.cast == {"robot": Look(text="a yellow robot")}
    assert [(card.text, float(card.at), card.transition) for card in board.cards] == [
        ("@robot walks to the left in a meadow", 0.0, None),
        ("@robot jumps in a meadow", 2.0, "write"),
        ("@robot spins in a meadow at night", 4.0, "cut"),
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["script", "love and sorrow", "-o", "b.yaml"], "nothing of the story is on the stage"),
        (["script", "a dog runs left", "-o", "b.yaml", "--seconds", "soon"], "no duration"),
        (["script", "a dog runs left", "-o", "b.yaml", "--seconds", "0"], "too short"),
        (["script", "a dog runs left", "-o", "b.yaml", "--llm", "nowhere"], "no address"),
    ],
)
def test_what_cannot_be_planned_is_said(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(app, words) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
