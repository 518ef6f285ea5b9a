"""A job may be painted several times, and the best take kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "m006"
down_revision: str | None = "m005"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("variants", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("jobs", "variants")
