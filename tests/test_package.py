from __future__ import annotations

import inspect
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import ozora
from ozora.errors import OutputError

ROOT = Path(__file__).parent.parent


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == ozora.__version__
    assert f"## [{ozora.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_generate_takes_what_the_command_takes() -> None:
    from ozora.cli.edit import Wishes, generate

    own = set(inspect.signature(ozora.generate).parameters) - {"progress"}
    command = {*inspect.signature(generate).parameters, *(field.name for field in fields(Wishes))}
    assert own == command - {"as_json", "preview", "quiet", "all_takes"}


def test_an_output_that_cannot_be_written_is_refused_before_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        ozora.generate("a red ball", output=tmp_path / "a.txt")
