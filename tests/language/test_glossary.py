from __future__ import annotations

from pathlib import Path

from ozora.language.glossary import describe_vocabulary, write_glossary

WORDS = Path(__file__).parents[2] / "docs" / "words.md"


def test_the_documentation_lists_the_words_of_the_model() -> None:
    again = "write it again: python -m ozora.language.glossary docs/words.md"
    assert WORDS.read_text().endswith(describe_vocabulary()), again


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "words.md"
    path.write_text("# Words\n")
    write_glossary(path)
    once = path.read_text()
    write_glossary(path)
    assert path.read_text() == once and once.startswith("# Words\n\n## What")
