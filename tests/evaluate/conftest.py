"""The stage and the shipped parser, made once for all tests of this folder."""

from __future__ import annotations

import pytest
import torch

from ozora.errors import RendererError
from ozora.perception.parser import WEIGHTS, Parser, load_parser
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
    if not (WEIGHTS / "parser.safetensors").exists():
        pytest.skip("the scene parser of this model is not trained yet")
    return load_parser()
