"""The one clock of all machines that share a database: the database's own.

Leases and pauses are compared with it alone, so that two machines whose clocks differ neither take each other's jobs
nor wait for a time that never comes. SQLite is one machine, and its clock is that machine's.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

SQLITE = text("SELECT (julianday('now') - 2440587.5) * 86400.0")  # 2440587.5 is the Julian day of 1970-01-01
POSTGRESQL = text("SELECT extract(epoch FROM clock_timestamp())::double precision")


def read_clock(connection: Connection) -> float:
    """Seconds since 1970, to a millisecond or better."""
    question = SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL
    return float(connection.execute(question).scalar_one())
