"""Checking the codes of a rules folder and of a site's maps, without network: `cds-service codes check`."""

from cds_service.terminology.check.findings import CODE_FINDINGS
from cds_service.terminology.check.report import CodesReport, check_codes
from cds_service.terminology.check.reviewed import ReviewedNames

__all__ = ["CODE_FINDINGS", "CodesReport", "ReviewedNames", "check_codes"]
