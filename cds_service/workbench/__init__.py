"""The rule author's desk: web pages at `/workbench` (docs/authoring.md). Needs the extra `workbench`."""

from cds_service.workbench.access import COOKIE, Access
from cds_service.workbench.late import LateApp
from cds_service.workbench.saving import ConflictError, open_files, save_files

__all__ = [
    "COOKIE",
    "Access",
    "ConflictError",
    "LateApp",
    "open_files",
    "save_files",
]
