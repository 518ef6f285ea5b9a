from __future__ import annotations

import importlib
import sys

import pytest

from ozora.errors import RendererError, UserError
from ozora.stage import opengl


def test_there_is_one_context() -> None:
    try:
        assert opengl.context() is opengl.context()
    except RendererError as error:
        assert "apt-get install" in str(error)


def test_without_moderngl_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moderngl", None)
    monkeypatch.delitem(sys.modules, "ozora.stage.opengl")
    with pytest.raises(UserError, match=r"pip install 'ozora\[train\]'"):
        importlib.import_module("ozora.stage.opengl")
