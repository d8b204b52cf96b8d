"""The codes of a rules folder held against releases: whether they are there and in use."""

from collections.abc import Iterable, Iterator

from cds_service.errors import Finding
from cds_service.terminology.check.findings import code_finding
from cds_service.terminology.check.listed_codes import ListedCode
from cds_service.terminology.sources import ReleasedCodes


def name_of(listed: ListedCode, released: ReleasedCodes) -> str:
    """What a code is called: in the source, else in the file that lists it."""
    found = released.concept(listed.system, listed.code)
    return listed.display if found is None or not found.display else found.display


def against_release(codes: Iterable[ListedCode], released: ReleasedCodes) -> Iterator[Finding]:
    """Findings about codes that a source does not hold or that are retired. A subset of a system (a national edition,
    a list of codes in use) holds fewer codes than there are, so a code that is missing is a warning; a root that is
    missing gives nothing when it is expanded, and is an error."""
    for one in codes:
        if not released.covers(one.system):
            continue
        found = released.concept(one.system, one.code)
        if found is not None and found.active:
            continue
        said = "does not hold it" if found is None else f"says that it is retired: {found.display}"
        message = f"{one.code} ({one.system}): the source {said}"
        if one.is_root:
            yield code_finding("code-root-dead", one.file, one.pointer, message)
        elif found is None:
            yield code_finding("code-not-in-source", one.file, one.pointer, message, severity="warning")
        else:
            yield code_finding("code-retired", one.file, one.pointer, message, severity="warning")
