"""The queue is searched by when a job is due, and read from its index alone."""

from __future__ import annotations

from alembic import op

revision = "m003"
down_revision: str | None = "m002"


def upgrade() -> None:
    op.drop_index("jobs_queue", "jobs")
    op.create_index("jobs_queue", "jobs", ["status", "not_before", "priority", "key_id", "number"])


def downgrade() -> None:
    op.drop_index("jobs_queue", "jobs")
    op.create_index("jobs_queue", "jobs", ["status", "priority", "key_id", "number"])
