"""A worker process that paints with the stub: ``python -m tests.server.stub_worker SECONDS_A_STEP``."""

from __future__ import annotations

import sys

from ozora.backends import BACKENDS
from ozora.server.worker import main
from tests.server.stub import StubBackend

if __name__ == "__main__":
    BACKENDS["stub"] = StubBackend(float(sys.argv[1]))
    main()
