"""The stage's renderer for tests, or a skip where the machine cannot draw."""

from __future__ import annotations

import pytest

from ozora.errors import RendererError
from ozora.stage.renderer import Renderer
from tests.stage.stage import HEIGHT, WIDTH


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    try:
        return Renderer(HEIGHT, WIDTH)
    except RendererError as error:
        pytest.skip(f"no headless OpenGL here: {error}")
