"""A site's feed: files of FHIR in every container that they come in, one document after the other."""

from cds_service.feed.bounds import BOUNDS, Bounds
from cds_service.feed.containers import Note, Problem, opened
from cds_service.feed.documents import LARGEST, documents, each_document, read_feed
from cds_service.feed.requests import is_request

__all__ = [
    "BOUNDS",
    "LARGEST",
    "Bounds",
    "Note",
    "Problem",
    "documents",
    "each_document",
    "is_request",
    "opened",
    "read_feed",
]
