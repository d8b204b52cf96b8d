"""By which version of the reading contract a decision was made, over which site's folder, and with how much unread.

Nullable and without defaults: nothing is written to the rows that are there, and a worker of a version before, which
does not know the columns, goes on beside those of this one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_READING = "version of the reading contract; null: 1, before there were others"
_SITE_DIGEST = "SHA-256 over the files of the site's folder; null: none"
_UNREAD = "entries of the record that could not be read; null: not counted"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("decisions", sa.Column("reading", sa.Integer(), comment=_READING))
    op.add_column("decisions", sa.Column("site_digest", sa.String(64), comment=_SITE_DIGEST))
    op.add_column("decisions", sa.Column("unread", sa.Integer(), comment=_UNREAD))


def downgrade() -> None:
    """Drop the columns. In place, as 0002 does it."""
    for column in ("unread", "site_digest", "reading"):
        op.drop_column("decisions", column)
