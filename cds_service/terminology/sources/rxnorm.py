"""RxNorm's full or prescribable release: drugs by their ingredients, dose forms and routes, through its relations."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from cds_service.facts.catalogue import RXNORM
from cds_service.terminology.sources.names import CODE, CONCEPT, asked, code_or_display, holds, in_order, unsupported
from cds_service.terminology.sources.release_files import ReleaseFiles
from cds_service.terminology.sources.rxnorm_filters import HAS_FORM, HAS_INGREDIENT, HAS_ROUTE, TTY, bare_code, fitting
from cds_service.terminology.sources.rxnorm_release import Term, relations_of, retired_of, terms_of, version_of
from cds_service.terminology.sources.source import Concept, FilterCondition, Release, UnsupportedFilterError

_TO_THE_INGREDIENT = (
    *("has_ingredient", "has_precise_ingredient", "has_ingredients", "has_part", "consists_of", "contains"),
    *("form_of", "isa", "quantified_form_of", "tradename_of"),
)
"""What is read from a drug to what is in it. A salt (PIN) is a `form_of` its ingredient (IN)."""
_INGREDIENTS = frozenset({"IN", "PIN", "MIN"})
_BRAND = "BN"
"""A brand is reached, and nothing through it: what is sold under one name need not all hold the same."""
_TERM_TYPES = _INGREDIENTS | frozenset(
    ("BN", "SCDC", "SBDC", "SCDF", "SBDF", "SCDFP", "SBDFP", "SCDG", "SBDG", "SCDGP", "SCD", "SBD", "GPCK", "BPCK")
)

Relations = Mapping[str, Mapping[str, set[str]]]


class RxNorm:
    """A release as a Source."""

    def __init__(self, version: str, terms: Mapping[str, Term], relations: Relations) -> None:
        self._version = version
        self._terms = {code: term for code, term in terms.items() if term.tty not in ("DF", "DFG")}
        self._names = {code: term.name for code, term in terms.items()}
        self._relations = relations
        self._made_of: dict[str, set[str]] = defaultdict(set)
        for relation in _TO_THE_INGREDIENT:
            for code, targets in relations[relation].items():
                for target in targets:
                    self._made_of[target].add(code)
        self.merged: Mapping[str, str] = {}
        """What became of concepts that were merged into others, by RXCUI."""

    @property
    def releases(self) -> tuple[Release, ...]:
        return (Release(RXNORM, self._version),)

    def expand(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        """The drugs in use that meet all conditions, in code order. An ingredient is among those that contain it."""
        holds(system, (RXNORM,))
        tests = [self._test(condition) for condition in conditions]
        concepts = (Concept(code, term.name, term.active) for code, term in self._terms.items() if term.active)
        return in_order(one for one in concepts if all(test(one) for test in tests))

    def concept(self, system: str, code: str) -> Concept | None:
        term = self._terms.get(code) if system == RXNORM else None
        return None if term is None else Concept(code, term.name, term.active)

    def _test(self, condition: FilterCondition) -> Callable[[Concept], bool]:
        own = code_or_display(condition)
        if own is not None:
            return own
        if condition.property == HAS_INGREDIENT:
            return self._with(map(bare_code, asked(condition)), itself=True)
        if condition.property in (CONCEPT, CODE) and condition.op in ("is-a", "descendent-of"):
            return self._with(iter([bare_code(condition.value)]), itself=condition.op == "is-a")
        if condition.property in (HAS_FORM, HAS_ROUTE):
            return self._formed(condition)
        if condition.property == TTY:
            wanted = frozenset(asked(condition))
            if not wanted <= _TERM_TYPES:
                raise unsupported(condition, f"RxNorm has no drugs of type {', '.join(sorted(wanted - _TERM_TYPES))}")
            return lambda one: self._terms[one.code].tty in wanted
        raise unsupported(condition, "RxNorm is asked by ingredient, dose form, route, TTY, code and display")

    def _with(self, roots: Iterator[str], *, itself: bool) -> Callable[[Concept], bool]:
        """The drugs that contain one of some ingredients, through whatever stands between."""
        wanted = [self._ingredient(root) for root in roots]
        found: set[str] = set()
        open_ones = list(wanted)
        while open_ones:
            code = open_ones.pop()
            if code in found:
                continue
            found.add(code)
            term = self._terms.get(code)
            if term is not None and term.tty != _BRAND:
                open_ones += self._made_of.get(code, ())
        if not itself:
            found -= set(wanted)
        return lambda one: one.code in found

    def _ingredient(self, code: str) -> str:
        term = self._terms.get(code)
        if term is None or not term.active:
            became = f" It is {self.merged[code]} now." if code in self.merged else ""
            state = "is not in this release" if term is None else "was retired"
            raise LookupError(f"{code} {state}.{became}")
        if term.tty not in _INGREDIENTS:
            raise UnsupportedFilterError(f"{code} ({term.name}) is no ingredient but of type {term.tty}")
        return code

    def _formed(self, condition: FilterCondition) -> Callable[[Concept], bool]:
        """By the names of dose forms (`has_form`) or of dose form groups (`has_route`)."""
        by_form = condition.property == HAS_FORM
        forms = self._relations["has_dose_form"]
        known = {one for targets in forms.values() for one in targets}
        if not by_form:
            known = {one for form in known for one in self._relations["isa"].get(form, ())}
            known |= {one for targets in self._relations["has_doseformgroup"].values() for one in targets}
        if not known:
            raise unsupported(condition, "this release has no " + ("dose forms" if by_form else "dose form groups"))
        fits = fitting(condition, {self._names[one] for one in known if one in self._names})
        return lambda one: any(self._names.get(form, "") in fits for form in self._forms(one.code, by_form=by_form))

    def _forms(self, code: str, *, by_form: bool) -> set[str]:
        """The dose forms, or their groups, of a drug, or of what a pack contains."""
        forms = self._relations["has_dose_form"].get(code, set())
        groups = self._relations["has_doseformgroup"].get(code, set())
        found = set(forms) if by_form else groups.union(*(self._relations["isa"].get(form, ()) for form in forms))
        inside = self._relations["contains"].get(code, set())
        generic = set() if found else self._relations["tradename_of"].get(code, set())
        for other in inside | generic:
            if other != code and self._terms.get(other, Term("", _BRAND, active=False)).tty != _BRAND:
                found = found | self._forms(other, by_form=by_form)
        return found


def open_rxnorm(place: str) -> RxNorm:
    """Read a release: the folder or zip archive that holds RXNCONSO.RRF and RXNREL.RRF. Raises SourceError."""
    files = ReleaseFiles(place)
    version = version_of(files)
    terms = terms_of(files)
    relations = relations_of(files, terms)
    retired, merged = retired_of(files, terms)
    found = RxNorm(version, {**retired, **terms}, relations)
    found.merged = merged
    return found
