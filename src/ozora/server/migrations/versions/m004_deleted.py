"""A file that was deleted is remembered for a while, since a list may go on after it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "m004"
down_revision: str | None = "m003"


def upgrade() -> None:
    op.add_column("files", sa.Column("deleted_at", sa.Double()))


def downgrade() -> None:
    op.execute("DELETE FROM files WHERE deleted_at IS NOT NULL")
    op.drop_column("files", "deleted_at")
