"""Whether a file could be published now: asked before anything is painted, and by whoever watches a server."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from ozora.trust import audit
from ozora.trust.home import open_home, prove_room
from ozora.trust.identity import Identity, init
from ozora.trust.ledger import Ledger
from ozora.trust.manifest import prove_signature
from ozora.trust.policy import load_policy
from ozora.trust.review import ReviewQueue
from ozora.trust.settings import read_settings

SIGNED_S = 60.0
"""What signed on trial does not do so again for so long: some time stamp services count the stamps. That the
certificates hold at this moment is looked at each time."""
_lock = threading.Lock()
_signed: dict[tuple[str, Identity], float] = {}


def prove(home: Path) -> None:
    """Do once, and take back, what publishing does: read settings and rules, sign, write ledger, review queue and log.

    ``TrustError`` says what is broken and what to do; ``TimeAuthorityError`` that only the time stamp service is away.
    Costs a few milliseconds; once a minute, or when another identity signs, a signature and, where one is set, a call
    of the time stamp service.
    """
    settings = read_settings(home)
    prove_room(open_home(home))
    identity = init(home)
    load_policy(home, settings)
    with Ledger(home) as ledger, ReviewQueue(home) as queue:
        ledger.prove_writable()
        queue.prove_writable()
    audit.prove_writable(home)
    _prove_signature(identity, settings.time_authority)


def _prove_signature(identity: Identity, time_authority: str) -> None:
    signing = time_authority, identity
    with _lock:
        if time.monotonic() < _signed.get(signing, 0.0):
            return
    prove_signature(identity, time_authority=time_authority)
    with _lock:
        _signed[signing] = time.monotonic() + SIGNED_S
