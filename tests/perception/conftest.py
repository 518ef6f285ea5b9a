"""The stage and the shipped parser, made once for all tests of this folder."""

from __future__ import annotations

from tests.evaluate.conftest import one_thread, parser, renderer

__all__ = ["one_thread", "parser", "renderer"]
