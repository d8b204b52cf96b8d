"""Which drug an entry is about: the facts that it speaks of, and what tells its route whoever takes it."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from cds_service.deadline import NEVER, Deadline
from cds_service.facts.events.coded import Coded, EventCodes
from cds_service.facts.events.routes import Routes
from cds_service.fhir import CodeableConcept, Dosage, Medication, misread, word_of

MOST_NAMES = 50
"""Names of a drug that are looked at for each use of it. One that somebody means has fewer than ten."""


class Product(Struct, eq=False, gc=False):
    """Which facts a drug speaks of, and what tells its route whoever takes it: form, and words about it.

    `is_odd`: the Medication that says which drug it is has a status that FHIR does not know.
    """

    coded: Coded
    form: CodeableConcept | None
    words: tuple[str, ...]
    is_odd: bool = False
    _by_form: frozenset[str] | None = None
    _by_words: frozenset[str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The first of the words: what is read again for each use must not grow with the drug."""
        return self.words[:MOST_NAMES]

    def by_form(self, routes: Routes) -> frozenset[str]:
        """The routes that the form is for; looked up when first asked for, as is the other."""
        if self._by_form is None:
            self._by_form = routes.of_form(self.form)
        return self._by_form

    def by_words(self, routes: Routes) -> frozenset[str]:
        """The routes that the forms named in the words are for."""
        if self._by_words is None:
            self._by_words = routes.in_words(self.words)
        return self._by_words


class RecordedDrug(Struct, eq=False, gc=False):
    """A drug as an entry has it: the product, and the dosages that are stated.

    What these say is looked up once, for all the facts that the entry speaks of.
    """

    product: Product
    dosages: tuple[Dosage, ...]
    _stated: frozenset[str] | None = None
    _instructed: frozenset[str] | None = None
    _as_needed: bool | None = None

    def stated(self, routes: Routes) -> frozenset[str]:
        """The routes that the dosages state."""
        if self._stated is None:
            self._stated = frozenset[str]().union(*[routes.stated(dosage.route) for dosage in self.dosages])
        return self._stated

    def instructed(self, routes: Routes) -> frozenset[str]:
        """The routes that the forms named in the texts of the dosages are for."""
        if self._instructed is None:
            self._instructed = routes.in_words([dosage.text for dosage in self.dosages if dosage.text])
        return self._instructed

    def as_needed(self, find: Callable[["RecordedDrug"], bool]) -> bool:
        """Whether it is taken as needed only, as `find` says when it is first asked."""
        if self._as_needed is None:
            self._as_needed = find(self)
        return self._as_needed


def product_of(drug: Medication, called: str | None, codes: EventCodes, deadline: Deadline = NEVER) -> Product:
    """What a Medication is, whichever entry refers to it as `called`. Raises `OutOfTime`."""
    if word_of(drug.status) == "entered-in-error":
        return Product(codes.read(()), None, words_of((), called))  # which drug it is then nobody has said
    concepts = [item.item_codeable_concept for item in deadline.each(drug.ingredient) if item.is_active is not False]
    # Thousands of ingredients may refer to one item, whose code is then the very same thing.
    parts = list({id(concept): concept for concept in concepts}.values())
    coded = codes.read((drug.code,), texts=(called,), weaker=parts, deadline=deadline)
    return Product(coded, drug.form, words_of(deadline.each((drug.code, *parts)), called), bool(misread(drug)))


def words_of(concepts: Iterable[CodeableConcept | None], called: str | None) -> tuple[str, ...]:
    """Every text about a drug, in an order that does not depend on theirs."""
    found = {called or ""}
    for concept in concepts:
        if concept is not None:
            found |= {concept.text or "", *(coding.display or "" for coding in concept.coding)}
    return tuple(sorted(found - {""}))
