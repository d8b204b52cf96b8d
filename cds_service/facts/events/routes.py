"""By which route a drug is given, and whether it therefore counts for a fact (`rules/facts/routes.json`).

The first of these that says something decides: the record's own route; the form of the Medication; the drug's name,
then the instruction in words, where the code itself names no form. `docs/facts.md` has the table.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue import Code, CodeSystems, Key, Phrases, finding
from cds_service.fhir import CodeableConcept
from cds_service.rule_files import invalid, is_there, pointer, read_json

Match = Literal["main", "hint", "text"]
"""How a record matched: by a code that counts, by one that may, or by its text alone."""

_DOTS_AND_BLANKS = str.maketrans("", "", ". ")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Route(_Strict):
    snomed: tuple[Code, ...] = ()
    abbreviations: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    form_text: tuple[str, ...] = ()


class RouteTable(_Strict):
    """`rules/facts/routes.json`: how each route is coded and written, and which routes are systemic."""

    schema_: str = Field(default="", alias="$schema")
    routes: dict[str, _Route] = Field(default_factory=dict)
    systemic: tuple[str, ...] = ()
    not_systemic: tuple[str, ...] = ()
    could_be: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Routes:
    """The table as look-ups."""

    def __init__(self, table: RouteTable, systems: CodeSystems) -> None:
        self._systems = systems
        self.names = frozenset(table.routes)
        self._codes: dict[Key, set[str]] = {}
        self._abbreviations: dict[str, set[str]] = {}
        texts: dict[str, set[str]] = {}
        forms: dict[str, set[str]] = {}
        for name, route in table.routes.items():
            for code in route.snomed:
                self._codes.setdefault(systems.key(code.system, code.code), set()).add(name)
            for text in route.abbreviations:
                self._abbreviations.setdefault(_short(text), set()).add(name)
            for text in route.text:
                texts.setdefault(text, set()).add(name)
            for text in route.form_text:
                forms.setdefault(text, set()).add(name)
        self._texts = Phrases(texts)
        self._forms = Phrases(forms)
        self._systemic = frozenset(table.systemic)
        self._local = frozenset(table.not_systemic)
        self._could_be = {name: frozenset(others) for name, others in table.could_be.items()}

    @property
    def codes(self) -> frozenset[Key]:
        """The codes that it understands."""
        return frozenset(self._codes)

    def known(self, route: str) -> bool:
        """Whether a fact may ask for this route."""
        return route == "systemic" or route in self.names

    def stated(self, concept: CodeableConcept | None) -> frozenset[str]:
        """The routes that a `route` element states."""
        if concept is None:
            return frozenset()
        coded = self._coded(concept)
        if coded:
            return coded
        words = [concept.text, *(w for coding in concept.coding for w in (coding.code, coding.display))]
        short: set[str] = set()
        for word in filter(None, words):
            short |= self._abbreviations.get(_short(word), set())
        if short:
            return frozenset(short)
        texts = filter(None, (concept.text, *(coding.display for coding in concept.coding)))
        return frozenset().union(*(self._texts.find(text, consuming=True) for text in texts))

    def is_unread(self, concept: CodeableConcept | None) -> bool:
        """Whether a `route` element says something that is not understood."""
        return concept is not None and bool(concept.text or concept.coding) and not self.stated(concept)

    def of_form(self, concept: CodeableConcept | None) -> frozenset[str]:
        """The routes that a dose form is for."""
        if concept is None:
            return frozenset()
        coded = self._coded(concept)
        texts = filter(None, (concept.text, *(coding.display for coding in concept.coding)))
        return coded or self.in_words(texts)

    def in_words(self, texts: Iterable[str]) -> frozenset[str]:
        """The routes that the forms named in some texts are for; the longest phrase uses up its words."""
        return frozenset().union(*(self._forms.find(text, consuming=True) for text in texts))

    def counts(self, wanted: str | None, routes: frozenset[str], match: Match) -> bool | None:
        """Whether a record counts for a fact that wants a route: yes, no, or perhaps (`None`: it is a hint)."""
        if wanted is None or not routes:
            return True if match == "main" else None
        if wanted == "systemic":
            if routes <= self._local:
                return False
            vague = all(self._local.intersection(self._could_be.get(route, ())) for route in routes)
            fits = True if routes <= self._systemic and not (vague and match == "hint") else None
        elif wanted in routes:
            fits = True
        elif any(wanted in self._could_be.get(route, ()) for route in routes):
            return True if match == "main" else None
        else:
            return False
        return None if match == "text" else fits

    def _coded(self, concept: CodeableConcept) -> frozenset[str]:
        return frozenset().union(*(self._codes.get(key, ()) for key in self._systems.keys(concept.coding)))


def load_routes(rules_dir: Path, systems: CodeSystems) -> tuple[Routes, tuple[Finding, ...]]:
    """`rules_dir/facts/routes.json`; without it no route is understood."""
    path = rules_dir / "facts" / "routes.json"
    if not is_there(path):
        return Routes(RouteTable(), systems), ()
    content, findings = read_json(path, "facts/routes.json")
    try:
        table = RouteTable() if content is None else RouteTable.model_validate(content)
    except ValidationError as problem:
        table = RouteTable()
        findings += invalid(problem, "facts/routes.json", RouteTable)
    for key in ("systemic", "not_systemic"):
        for index, name in enumerate(getattr(table, key)):
            if name not in table.routes:
                at = pointer([key, index])
                findings.append(finding("table-invalid", "facts/routes.json", at, f"{name!r} is no route of `routes`"))
    return Routes(table, systems), tuple(findings)


def _short(text: str) -> str:
    return text[:80].casefold().translate(_DOTS_AND_BLANKS)
