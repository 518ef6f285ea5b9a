from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from ozora.server.folders import hide_folders
from ozora.trust.settings import find_home

PATTERNS = (
    "{path} does not fit into the clip",
    "'{path}' is no picture; give another",
    'the file "{path}" is gone',
    "there is no file at {path}",
    "{path}: Permission denied ({path})",
    "first {path}, then {path}; correct one of them",
)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("root", ["home", "temporary", "user", "spaces"])
def test_no_root_is_told(root: str, pattern: str, tmp_path: Path) -> None:
    spaces = tmp_path / "my disk" / "all files"
    spaces.mkdir(parents=True)
    roots = {
        "home": find_home(),
        "temporary": Path(tempfile.gettempdir()) / "ozora-gone",
        "user": Path.home() / "a",
        "spaces": spaces,
    }
    path = roots[root] / "videos" / "input-0.png" if root != "spaces" else spaces / "input-0.png"
    shown = hide_folders(pattern.format(path=path))
    assert shown == pattern.format(path="input-0.png")


@pytest.mark.parametrize(
    "text",
    [
        "there is no route GET /v1/videos/none",
        "a batch must be a POST to /v1/videos",
        "give https://host/tmp/a.png or data:image/png;base64,AA",
        "a shape such as 16:9, and/or a size",
        "",
    ],
)
def test_what_is_no_path_of_this_machine_stays(text: str) -> None:
    assert hide_folders(text) == text


def test_a_folder_itself_is_named_too(tmp_path: Path) -> None:
    assert hide_folders(f"{tmp_path}/ is full") == f"{tmp_path.name}/ is full"
