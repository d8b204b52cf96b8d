"""Where the documentation helps: a page and the heading of a section for each duty of a client."""

import re
from dataclasses import dataclass
from typing import Literal

DutyName = Literal["request", "registration", "token", "prefetch", "fhir_access", "feedback", "display"]


@dataclass(frozen=True, slots=True)
class PageSection:
    """A section of a page of the documentation, by its heading as it stands there."""

    page: str
    heading: str

    @property
    def link(self) -> str:
        """Page and anchor, as GitHub makes anchors of headings."""
        kept = re.sub(r"[^\w\- ]", "", self.heading.lower())
        return f"{self.page}#{kept.replace(' ', '-')}"


_INTEGRATION = "docs/integration.md"
PREFETCH_SECTION = PageSection(_INTEGRATION, "2. Prefetch: what the EHR sends along")
FHIR_SECTION = PageSection(_INTEGRATION, "The FHIR server")
CODES_SECTION = PageSection("docs/codes.md", "Teaching the service")
CLIENTS_SECTION = PageSection(_INTEGRATION, "3. Clients: who may call")

SECTIONS: dict[DutyName, PageSection] = {
    "request": PageSection(_INTEGRATION, "What an answer means"),
    "registration": CLIENTS_SECTION,
    "token": PageSection(_INTEGRATION, "What a token must be"),
    "prefetch": PREFETCH_SECTION,
    "fhir_access": FHIR_SECTION,
    "feedback": PageSection(_INTEGRATION, "Feedback"),
    "display": PageSection(_INTEGRATION, "What an answer means"),
}
"""What to read about each duty. The order is that in which they are met."""

TITLES: dict[DutyName, str] = {
    "request": "request",
    "registration": "registration",
    "token": "token",
    "prefetch": "prefetch",
    "fhir_access": "FHIR access",
    "feedback": "feedback",
    "display": "display",
}
