"""Files are known by size and hash, a job says what it waits for, and the database which store is its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "m005"
down_revision: str | None = "m004"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("content", sa.JSON()))
    op.add_column("jobs", sa.Column("waits_for", sa.String(300)))
    op.add_column("jobs", sa.Column("stepped_at", sa.Double()))
    op.add_column("files", sa.Column("sha256", sa.String(64), nullable=False, server_default=""))
    op.add_column("batches", sa.Column("refused", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "installation",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("installation")
    op.drop_column("batches", "refused")
    op.drop_column("files", "sha256")
    for name in ("stepped_at", "waits_for", "content"):
        op.drop_column("jobs", name)
