"""A document before it is decoded: its resources as they were found, and what is known to be missing."""

from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Raw

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Issue
from cds_service.fhir.carriers import IncompleteResource
from cds_service.fhir.headers import HeaderPage
from cds_service.fhir.references import Target
from cds_service.fhir.searches import Values
from cds_service.fhir.sections import ListedSection

EVERYTHING = "*"
"""Among doubts: there may be more of any type."""

ALL = frozenset({EVERYTHING})


class FoundResource(NamedTuple):
    """One resource as found: its `place` ("entry 17", counted from 1), its `type` (empty where it has no resourceType),
    and its search `mode` (`match`, `include`), where it has one.
    """

    place: str
    type: str
    raw: bytes | Raw
    full_url: str | None = None
    mode: str | None = None


@dataclass(slots=True)
class ParsedDocument:
    """What one document holds.

    `root`: its own resource type, `list` for a JSON array or NDJSON. `place`: what issues call it. `entries`: the
    resources of the types that are read; `heads`: the pages of Observations, where only their heads were asked for.
    `sections`: the lists of a document, and Lists that are empty for a reason. `unread`: resources that may hold what
    stands nowhere else.
    `addresses`: the `fullUrl` of each resource of another type. `types`: every resource type met as an answer (so not
    merely included by a search). `doubts`: see above. `failed`: the sender reported an error in place of (part of) the
    answer. `next_url`: the next page of the outermost Bundle; `""` where it has one without address. `is_filtered`: it
    says that a search left something out that `own`, the parameters of the query that was made, did not. `left_out`:
    the types that were not searched for, where others were named. `bare`: how many resources stood in a Bundle as
    entries themselves, where that is taken (`takes_bare`).
    """

    root: str
    place: str = "document"
    entries: list[FoundResource] = field(default_factory=list)
    heads: list[HeaderPage] = field(default_factory=list)
    sections: list[ListedSection] = field(default_factory=list)
    unread: list[IncompleteResource] = field(default_factory=list)
    addresses: dict[str, Target] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)
    doubts: set[str] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)
    failed: bool = False
    next_url: str | None = None
    total: int | None = None
    count: int = 0
    is_filtered: bool = False
    left_out: set[str] = field(default_factory=set)
    bare: int = 0
    takes_bare: bool = True
    own: Values = field(default_factory=dict, repr=False, compare=False)
    deadline: Deadline = field(default=NEVER, repr=False, compare=False)

    def doubt(self, code: str, place: str, message: str, types: frozenset[str] = ALL) -> None:
        """Note that something is missing, and of which types."""
        self.doubts |= types
        self.issues.append(Issue("warning", code, place or self.place, "", message))

    def append_page(self, page: "ParsedDocument") -> None:
        """Take in the next page of the same search."""
        self.entries += page.entries
        self.heads += page.heads
        self.sections += page.sections
        self.unread += page.unread
        self.addresses |= page.addresses
        self.types |= page.types
        self.doubts |= page.doubts
        self.issues += page.issues
        self.failed |= page.failed
        self.is_filtered |= page.is_filtered
        self.left_out |= page.left_out
        self.bare += page.bare
        self.next_url = page.next_url
        self.total = self.total if page.total is None else page.total
        self.count += page.count

    def settle(self) -> None:
        """Once the last page is in: doubt what the outermost Bundle says it has and did not bring."""
        if self.next_url is not None:
            self.doubt("incomplete_bundle", self.place, "there is a next page, which was not read")
        elif self.total is not None and self.total > self.count:
            self.doubt("incomplete_bundle", self.place, f"{self.count} of {self.total} matches were sent")
