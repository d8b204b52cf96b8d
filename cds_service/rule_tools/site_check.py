"""Checking a site's folder (`CDS_SITE_DIR`) against the rules that it is laid over."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cds_service.errors import Finding
from cds_service.facts.catalogue import IMPLIED, EventsFact, MappedCode, finding, read_conceptmaps, unread_targets
from cds_service.facts.words import Everyday, PhraseIndex, WrittenPhrase, load_everyday, tokens
from cds_service.library import Library, check_library
from cds_service.rule_files import SITE, Layers, is_of_a_site

_SETS = ("valueset", "history", "hints", "by_route")
_SHOWN = 60
"""Characters of a name that a finding quotes."""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What a site's folder holds, counted, and what is wrong in it."""

    findings: tuple[Finding, ...]
    files: int = 0
    phrases: int = 0
    mapped_codes: int = 0


def check_site(site_dir: Path, rules_dir: Path) -> SiteReport:
    """Check a site's folder against a rules folder. Errors of the rules are among the findings: without rules there is
    nothing to check against."""
    library, findings = check_library(rules_dir, site_dir=site_dir)
    about_rules = tuple(f for f in findings if not is_of_a_site(f.file) and f.severity == "error")
    if library is None:
        return SiteReport(about_rules)
    said = [one for one in read_conceptmaps(Layers(rules_dir, site_dir))[0] if one.file.startswith(SITE)]
    mapped = [one for one in said if isinstance(one, MappedCode) and one.relation in IMPLIED]
    written = [one for one in library.facts.site.written if one.file.startswith(SITE)]
    everyday, _ = load_everyday(rules_dir)
    findings = (
        *about_rules,
        *library.about_site,
        *unread_targets(library.facts.systems, library.facts.codes_read, said),
        *phrase_findings(library, everyday, written),
    )
    return SiteReport(findings, len(library.site_files), len(written), len({one.source for one in mapped}))


def phrase_findings(library: Library, everyday: Everyday, written: Iterable[WrittenPhrase]) -> Iterator[Finding]:
    """What speaks against phrases of a site, which may be in the library or not yet: one that is an everyday word (an
    error); one that is held by a name of another value set which a trial reads, and a harmless one that holds such a
    name or is held by one (warnings)."""
    phrases = list(written)
    if not phrases:
        return
    names = _Names(library)
    for one in phrases:
        if everyday.is_only(one.text):
            message = f"{one.text!r} is an everyday word"
            yield finding("phrase-everyday", one.file, one.pointer, message)
            continue
        found = names.naming_others(one)
        if found:
            name, value_set = found[0]
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            quoted = repr(name if len(name) <= _SHOWN else name[:_SHOWN] + "…")
            what = "it holds" if name == one.text else f"{quoted} is"
            message = f"{one.text!r}: {what} a name of {value_set}{more}"
            yield finding("phrase-of-another-set", one.file, one.pointer, message, severity="warning")


class _Names:
    """The names of the value sets that trials read: phrases of the rules, and what their members are called."""

    def __init__(self, library: Library) -> None:
        by_fact = _sets_by_fact(library)
        # Drafts read facts as well: a phrase is not to be mended again when their trials become active.
        closure = library.catalogue.closure(library.facts_read)
        self._read = {set_id for fact, sets in by_fact.items() if fact in closure for set_id in sets}
        # Of one fact: its set, its hints and its history. What names one of them says nothing new of the others.
        self._related: dict[str, set[str]] = {}
        for sets in by_fact.values():
            for set_id in sets:
                self._related.setdefault(set_id, set()).update(sets)
        self._holders = library.facts.valuesets.with_phrases({}).phrases()
        self._names: dict[str, set[str]] = {}
        for phrase, named in self._holders.items():
            self._add(phrase, named)
        valuesets = library.facts.valuesets
        for system, displays in valuesets.tables.displays.items():
            for code, display in displays.items():
                self._add(display, valuesets.members((system, code)))
        self._rows = {name: tuple(token.word for token in tokens(name)) for name in self._names}
        self._by_word: dict[str, list[str]] = {}
        for name, row in self._rows.items():
            for word in dict.fromkeys(row):
                self._by_word.setdefault(word, []).append(name)
        self._index = PhraseIndex(self._holders)

    def _add(self, name: str, sets: Iterable[str]) -> None:
        read = self._read.intersection(sets)
        if read:
            self._names.setdefault(name, set()).update(read)

    def naming_others(self, phrase: WrittenPhrase) -> list[tuple[str, str]]:
        """The names of other sets that hold the phrase, or (for a harmless one) that it holds, each with its set."""
        candidates = min((self._by_word.get(word, []) for word in phrase.words), key=len)
        found = [(name, self._names[name]) for name in candidates if _holds(self._rows[name], phrase.words)]
        if phrase.value_set:
            own = self._related.get(phrase.value_set, {phrase.value_set})
            others = [(name, sets) for name, sets in found if sets.isdisjoint(own)]
        else:
            inside = self._index.find(tokens(phrase.text))
            others = found + [(phrase.text, self._read & sets) for _, sets in inside if self._read & sets]
        return [(name, min(sets)) for name, sets in others]


def _holds(row: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(row[start : start + len(part)] == part for start in range(len(row) - len(part) + 1))


def _sets_by_fact(library: Library) -> dict[str, set[str]]:
    """The value sets of each fact that is made of events."""
    specs = (spec for spec in library.catalogue if isinstance(spec, EventsFact))
    return {spec.name: {s for key in _SETS if (s := getattr(spec, key)) is not None} for spec in specs}
