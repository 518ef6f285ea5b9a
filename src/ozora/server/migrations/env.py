"""Where Alembic starts: it runs this file, on the connection that ``database.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from ozora.server.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
