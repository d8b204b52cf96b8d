"""The hook that a decision answered.

Nullable and without a default: nothing is written to the rows that are there, and a worker of the version before, which
answers `patient-view` only and does not know the column, goes on beside those of this one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    comment = "that was answered; null: patient-view, before there were others"
    op.add_column("decisions", sa.Column("hook", sa.String(255), comment=comment))


def downgrade() -> None:
    """Drop the column. In place: a table made anew would take the served cards of every decision along (CASCADE)."""
    op.drop_column("decisions", "hook")
