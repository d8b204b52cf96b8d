"""Maps that lead to a code which nothing reads."""

from collections.abc import Iterable, Iterator

from cds_service.errors import Finding
from cds_service.facts.catalogue.codes_read import CodesRead
from cds_service.facts.catalogue.codesystems import CodeSystems
from cds_service.facts.catalogue.conceptmaps import MappedCode, Statement
from cds_service.facts.catalogue.findings import finding


def unread_targets(systems: CodeSystems, reads: CodesRead, statements: Iterable[Statement]) -> Iterator[Finding]:
    """A warning for each target, of a system that is read, that no fact, value set, result or route holds. The part of
    a code that a shape names is not looked at: which codes come, nobody knows."""
    for one in statements:
        if isinstance(one, MappedCode):
            if one.relation == "none":
                continue
            target, about = one.target, f"{one.source[1]!r} leads"
        elif one.rule.code:
            target, about = (one.target, one.rule.code), f"codes like {one.rule.shape!r} lead"
        else:
            continue
        key = systems.key(*target)
        if key[0] in systems.known and not systems.fault(key) and not reads.reads(key):
            message = f"{about} to {target[1]!r} ({target[0]}), which nothing reads"
            yield finding("conceptmap-target-unread", one.file, one.pointer, message, severity="warning")
