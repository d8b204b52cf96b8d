"""A site's feed: files of FHIR in every container that they come in, one document after the other."""

from cds_service.feed.containers import Note, Problem, opened
from cds_service.feed.documents import LARGEST, documents, read_feed

__all__ = ["LARGEST", "Note", "Problem", "documents", "opened", "read_feed"]
