"""What outlives an answer: feedback, the decision log, served cards and seen tokens, in SQLite or PostgreSQL.

Nothing here decides anything about trials, and no answer waits for more than a bounded read. A patient is known by a
keyed hash only (`pseudonyms`). What happens when the database is away stands in docs/decisions/0009-store.md.
"""
