"""An index by which it is found whether a decision rests on a set of rules, so that pruning reads no table as a whole.

No row is written. While the index is made, some seconds for a million decisions, nothing else is: the log waits in
memory, and feedback that waits longer than the limit for a lock is answered 503 and comes again.
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_decisions_rule_set", "decisions", ["rule_set"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_decisions_rule_set", table_name="decisions")
