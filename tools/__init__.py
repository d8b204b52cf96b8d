"""Developers' tools: part of the repository, not of the package."""
