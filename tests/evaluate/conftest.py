"""The stage and the shipped parser, made once for all tests of this folder and of ``tests/perception``."""

from __future__ import annotations

import pytest
import torch

from ozora.errors import RendererError
from ozora.perception.parser import Parser, load_parser
from ozora.stage.opengl import context
from ozora.stage.renderer import Renderer


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    try:
        context()
    except RendererError as error:
        pytest.skip(str(error))
    return Renderer(128, 224)


@pytest.fixture(scope="session")
def parser() -> Parser:
    return load_parser()
