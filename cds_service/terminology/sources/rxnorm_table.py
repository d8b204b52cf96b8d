"""RxNorm's filters answered from the names of a list of RxNorm codes."""

from collections.abc import Callable, Iterable, Mapping

from cds_service.terminology.sources.names import CODE, CONCEPT, asked, unsupported
from cds_service.terminology.sources.rxnorm_filters import HAS_FORM, HAS_INGREDIENT, HAS_ROUTE, TTY, bare_code, fitting
from cds_service.terminology.sources.rxnorm_names import Drug, drug_of, names_of
from cds_service.terminology.sources.source import Concept, FilterCondition

_SHAPED = frozenset({"SCD", "SBD", "SCDC", "SBDC", "SCDF", "SBDF", "SCDG", "GPCK", "BPCK"})
"""The term types that the shape of a name tells."""


class DrugNames:
    """What the names of a list tell of its drugs."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self._concepts = concepts
        drugs = {code: drug_of(one.display) for code, one in concepts.items() if one.display}
        brands = _brands(drugs.values())
        # A bare name that is neither a brand here nor an ingredient of any drug here may be a brand of anything.
        told = [drug for drug in drugs.values() if drug.kind or len(drug.ingredients) > 1]
        self._ingredients = {name for drug in told for one in drug.ingredients for name in names_of(one)}
        self._drugs = {code: _told(drug, brands) for code, drug in drugs.items()}
        self._names = {one: names_of(one) for drug in drugs.values() for one in drug.ingredients}

    def test(self, condition: FilterCondition) -> Callable[[Concept], bool | None]:
        """Whether a code meets a condition; None where its name does not tell. Raises UnsupportedFilterError, and
        LookupError for an ingredient that is not in the list."""
        if condition.property == HAS_INGREDIENT:
            return self._with(tuple(map(bare_code, asked(condition))), itself=True)
        if condition.property in (CONCEPT, CODE) and condition.op in ("is-a", "descendent-of"):
            return self._with((bare_code(condition.value),), itself=condition.op == "is-a")
        if condition.property in (HAS_FORM, HAS_ROUTE):
            by_form = condition.property == HAS_FORM
            known = {name for drug in self._drugs.values() for name in (drug.forms if by_form else drug.routes)}
            wanted = fitting(condition, known)
            return self._told(
                lambda drug: not wanted.isdisjoint(drug.forms if by_form else drug.routes) if drug.kind else None
            )
        if condition.property == TTY:
            untold = [one for one in asked(condition) if one not in _SHAPED]
            if untold:
                raise unsupported(condition, f"the shape of a name does not tell {', '.join(untold)}")
            types = frozenset(asked(condition))
            return self._told(lambda drug: drug.kind in types if drug.kind else None)
        raise unsupported(condition, "names do not tell it; an RxNorm release would")

    def _told(self, of_drug: Callable[[Drug], bool | None]) -> Callable[[Concept], bool | None]:
        def test(one: Concept) -> bool | None:
            drug = self._drugs.get(one.code)
            return None if drug is None else of_drug(drug)

        return test

    def _with(self, codes: tuple[str, ...], *, itself: bool) -> Callable[[Concept], bool | None]:
        names = {self._ingredient(code) for code in codes}
        precise = {one for one, of in self._names.items() if not names.isdisjoint(of)}

        def met(drug: Drug) -> bool | None:
            if not precise.isdisjoint(drug.ingredients):
                return True
            return None if not drug.kind and drug.ingredients.isdisjoint(self._ingredients) else False

        test = self._told(met)
        return lambda one: itself if one.code in codes else test(one)

    def _ingredient(self, code: str) -> str:
        drug = self._drugs.get(code)
        if code not in self._concepts:
            raise LookupError(f"{code} is no code of this list")
        if drug is None or drug.kind or len(drug.ingredients) != 1:
            raise LookupError(f"{code} is no ingredient by its name in this list: {self._concepts[code].display!r}")
        return next(iter(drug.ingredients))


def _brands(drugs: Iterable[Drug]) -> dict[str, frozenset[str]]:
    """What each brand contains: the ingredients that all drugs sold under it have."""
    found: dict[str, frozenset[str]] = {}
    for drug in drugs:
        if drug.brand:
            name = drug.brand.lower()
            found[name] = found[name] & drug.ingredients if name in found else drug.ingredients
    return found


def _told(drug: Drug, brands: Mapping[str, frozenset[str]]) -> Drug:
    """A brand's name alone ("Humira", "Humira Injectable Product") stands for what the brand contains."""
    if drug.brand is None and len(drug.ingredients) == 1:
        inside = brands.get(next(iter(drug.ingredients)))
        if inside:
            return drug._replace(ingredients=inside)
    return drug
