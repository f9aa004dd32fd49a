"""Sessions belong to somebody, where people log in."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds whose a session is; those of before are nobody's in particular."""
    op.add_column("sessions", sa.Column("owner", sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("ix_sessions_owner"), "sessions", ["owner"], unique=False)
