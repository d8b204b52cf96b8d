"""Maps that lead to a code which nothing reads."""

from collections.abc import Iterable, Iterator

from cds_service.errors import Finding
from cds_service.facts.catalogue import Statement, finding
from cds_service.facts.catalogue.conceptmaps import MappedCode
from cds_service.library import Library


def unread_targets(library: Library, statements: Iterable[Statement]) -> Iterator[Finding]:
    """A warning for each target, of a system that is read, that no fact, value set, result or route holds. The part of
    a code that a shape names is not looked at: which codes come, nobody knows."""
    systems, reads = library.facts.systems, library.facts.codes_read
    for one in statements:
        if isinstance(one, MappedCode):
            target, about = one.target, repr(one.source[1])
            if one.relation == "none":
                continue
        elif one.rule.code:
            target, about = (one.target, one.rule.code), f"codes like {one.rule.shape!r}"
        else:
            continue
        key = systems.key(*target)
        if key[0] in systems.known and not systems.fault(key) and not reads.reads(key):
            verb = "leads" if isinstance(one, MappedCode) else "lead"
            message = f"{about} {verb} to {target[1]!r} ({target[0]}), which nothing reads"
            yield finding("conceptmap-target-unread", one.file, one.pointer, message, severity="warning")
