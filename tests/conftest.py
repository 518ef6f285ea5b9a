"""Settings of the whole suite. Tensor shapes are checked as written, by jaxtyping and beartype, in tests only."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

settings.register_profile("ozora", max_examples=40, deadline=None, derandomize=True, database=None)
settings.load_profile("ozora")
install_import_hook(["ozora.flow", "ozora.model"], "beartype.beartype")  # before anything imports them


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """A command that makes its process private does not make the tests after it so."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An installation of its own: tests never touch the keys, the ledger and the log of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OZORA_HOME", str(tmp_path_factory.mktemp("home")))
        yield
