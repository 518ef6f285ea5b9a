"""What the routes share: the settings, the database, the store, and what is counted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ozora.server import preflight
from ozora.server.database import Database
from ozora.server.health import Health
from ozora.server.metrics import Meters
from ozora.server.settings import Settings
from ozora.server.store import Store

SLOWNESS_S = 10.0


@dataclass(slots=True, kw_only=True)
class Desk:
    """One web process. ``slowness`` of the models is looked up now and then, not for every request."""

    settings: Settings
    database: Database
    store: Store
    meters: Meters
    health: Health
    _slowness: dict[str, float] = field(default_factory=dict)
    _looked_at: float = -SLOWNESS_S

    def slowness(self) -> dict[str, float]:
        """How much longer than guessed each model takes here."""
        if time.monotonic() - self._looked_at >= SLOWNESS_S:
            with self.database.reading() as connection:
                self._slowness = preflight.slowness(connection)
            self._looked_at = time.monotonic()
        return self._slowness
