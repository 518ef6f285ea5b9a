"""A worker process that paints with the stub: ``python -m tests.server.stub_worker SECONDS_A_STEP [MAX_BYTES]``."""

from __future__ import annotations

import resource
import sys

from ozora.backends import BACKENDS
from ozora.server.worker import main
from tests.server.stub import StubBackend

if __name__ == "__main__":
    BACKENDS["stub"] = StubBackend(float(sys.argv[1]))
    if len(sys.argv) > 2:
        resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
    main()
