"""A web process that knows the stub: ``python -m tests.server.stub_web``."""

from __future__ import annotations

from ozora.backends import BACKENDS
from ozora.server.web import main
from tests.server.stub import StubBackend

if __name__ == "__main__":
    BACKENDS["stub"] = StubBackend()
    main()
