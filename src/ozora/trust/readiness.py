"""Whether a file could be published now: asked before anything is painted, and by whoever watches a server."""

from __future__ import annotations

from pathlib import Path

from ozora.trust import audit
from ozora.trust.identity import init
from ozora.trust.ledger import Ledger
from ozora.trust.policy import load_policy
from ozora.trust.review import ReviewQueue
from ozora.trust.settings import read_settings


def prove(home: Path) -> None:
    """Do once, and take back, what publishing does: read settings and rules, sign, write ledger, review queue and log.

    ``TrustError`` says what is broken and what to do; ``TimeAuthorityError`` that only the time stamp service is away.
    Costs a few milliseconds, and a call of the time stamp service where one is set.
    """
    settings = read_settings(home)
    init(home)
    load_policy(home, settings)
    with Ledger(home), ReviewQueue(home):
        audit.check(home)
