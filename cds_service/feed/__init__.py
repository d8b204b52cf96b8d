"""A site's feed: files of FHIR in every container that they come in, one document after the other."""

from cds_service.feed.bounds import BOUNDS, Bounds
from cds_service.feed.containers import UNREADABLE, Note, Problem, opened, received, why
from cds_service.feed.documents import LARGEST, documents, each_document, is_manifest, read_feed
from cds_service.feed.requests import is_request

__all__ = [
    "BOUNDS",
    "LARGEST",
    "UNREADABLE",
    "Bounds",
    "Note",
    "Problem",
    "documents",
    "each_document",
    "is_manifest",
    "is_request",
    "opened",
    "read_feed",
    "received",
    "why",
]
