"""A site's feed: files of FHIR in every container that they come in, one document after the other."""

from cds_service.feed.bounds import BOUNDS, UnpackingBounds
from cds_service.feed.containers import UNREADABLE, Note, UnreadPlace, opened, received, why
from cds_service.feed.documents import LARGEST, documents, each_document, is_manifest, read_feed
from cds_service.feed.requests import is_request

__all__ = [
    "BOUNDS",
    "LARGEST",
    "UNREADABLE",
    "Note",
    "UnpackingBounds",
    "UnreadPlace",
    "documents",
    "each_document",
    "is_manifest",
    "is_request",
    "opened",
    "read_feed",
    "received",
    "why",
]
