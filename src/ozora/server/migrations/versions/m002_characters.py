"""Who plays in a job and what its user was told; what a character looks like; jobs found by their pixels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "m002"
down_revision: str | None = "m001"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("characters", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("jobs", sa.Column("notes", sa.JSON(), nullable=False, server_default="[]"))
    op.create_index("jobs_by_pixels", "jobs", ["pixels_sha256"])
    op.add_column("characters", sa.Column("description", sa.String(500), nullable=False, server_default=""))
    op.add_column("characters", sa.Column("person", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("characters", "person")
    op.drop_column("characters", "description")
    op.drop_index("jobs_by_pixels", "jobs")
    op.drop_column("jobs", "notes")
    op.drop_column("jobs", "characters")
