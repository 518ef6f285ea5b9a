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

TIME_AUTHORITY_KNOWN_S = 60.0
"""A time stamp service that answered is not asked on trial again for so long: some count the stamps."""
_lock = threading.Lock()
_answered: dict[tuple[str, Identity], float] = {}


def prove(home: Path) -> None:
    """Do once, and take back, what publishing does: read settings and rules, sign, write ledger, review queue and log.

    ``TrustError`` says what is broken and what to do; ``TimeAuthorityError`` that only the time stamp service is away.
    Costs a few milliseconds, and a call of the time stamp service where one is set.
    """
    settings = read_settings(home)
    prove_room(open_home(home))
    identity = init(home)
    load_policy(home, settings)
    with Ledger(home) as ledger, ReviewQueue(home) as queue:
        ledger.prove_writable()
        queue.prove_writable()
    audit.prove_writable(home)
    if settings.time_authority:
        _prove_time_authority(identity, settings.time_authority)
    else:
        prove_signature(identity)


def _prove_time_authority(identity: Identity, address: str) -> None:
    asked = address, identity
    with _lock:
        is_known = time.monotonic() < _answered.get(asked, 0.0)
    if is_known:
        prove_signature(identity)
        return
    prove_signature(identity, time_authority=address)
    with _lock:
        _answered[asked] = time.monotonic() + TIME_AUTHORITY_KNOWN_S
