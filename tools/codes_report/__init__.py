"""The figures of docs/terminology.md: what the tables hold, what becomes of others' records, what the tables cost."""
