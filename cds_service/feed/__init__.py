"""A site's feed: files of FHIR in every container that they come in, one document after the other."""

from cds_service.feed.containers import UNREADABLE, Note, Problem, opened, received, why
from cds_service.feed.documents import LARGEST, documents, is_manifest, read_feed

__all__ = [
    "LARGEST",
    "UNREADABLE",
    "Note",
    "Problem",
    "documents",
    "is_manifest",
    "opened",
    "read_feed",
    "received",
    "why",
]
