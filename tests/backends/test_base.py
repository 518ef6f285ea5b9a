from __future__ import annotations

import subprocess
import sys

import pytest

from ozora.backends import BACKENDS, find
from ozora.errors import UnknownNameError


def test_every_backend_has_complete_capabilities() -> None:
    for name, backend in BACKENDS.items():
        can = backend.capabilities
        assert can.name == name
        assert can.sizes
        assert can.fps
        assert can.default_seconds <= can.max_seconds


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match="maquette"):
        find("sora-9")


def test_listing_loads_no_torch() -> None:
    code = (
        "import sys; from ozora.backends import BACKENDS; "
        "[b.capabilities for b in BACKENDS.values()]; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
