"""What the facts that rules read ask of a record's Observations, so that the others need not be read."""

from collections.abc import Iterable

from cds_service.facts.catalogue import DateFact, Numeric, ObservedFact, QuantityFact, ResultFact
from cds_service.facts.knowledge import FactReaders
from cds_service.fhir import CodeableConcept
from cds_service.fhir.scan import ObservationFilter, Topics

# Of these the newest observation with a value decides (`selection`), and nothing is made of the others.
_BY_THE_NEWEST = (Numeric, ResultFact, DateFact)


def observation_filter_of(knowledge: FactReaders, facts_read: Iterable[str]) -> ObservationFilter:
    """The interest of these facts and of all they are made of. `ObservationFilter.on` tells it the day.

    A fact sheet of them is the same for a record that was read with it as for one that was read whole; the record's
    `issues` lack what is wrong with the Observations that were not read.
    """
    read = knowledge.catalogue.closure(facts_read)
    observed = frozenset(name for name in read if isinstance(knowledge.catalogue.facts[name], ObservedFact))
    specs = [knowledge.catalogue.facts[name] for name in observed]
    # What is looked at beside another fact is looked at as of that one's time.
    companions = {name for spec in specs if isinstance(spec, QuantityFact) for name in spec.companions}
    listed = companions.union(spec.name for spec in specs if not isinstance(spec, _BY_THE_NEWEST))

    def topics_of(code: CodeableConcept) -> Topics | None:
        topics = knowledge.observations.facts_of(code.coding) & observed
        # Where it is malformed it may hide what is told beside components. A hint never hides another result.
        others = knowledge.observations.facts_beside(code.coding) | knowledge.observations.facts_hinted(code.coding)
        return None if topics & listed or others & read else topics

    return ObservationFilter(topics_of, knowledge.observations.asks_components)
