"""The entries of the fact catalogue (`rules/facts/*.json`) as pydantic models, one per kind of fact.

`docs/facts.md` and `rules/schema/facts.schema.json` describe the keys to rule authors; here they are checked.
"""

from typing import Annotated, get_args

from pydantic import Field

from cds_service.facts.catalogue.composed_facts import DefinedFact, DerivedFact
from cds_service.facts.catalogue.event_counts import CountFact
from cds_service.facts.catalogue.event_facts import EventsFact
from cds_service.facts.catalogue.fact_definition import Model
from cds_service.facts.catalogue.observed_facts import DateFact, QuantityFact, ResultFact, ScoreFact, TiterFact
from cds_service.facts.catalogue.patient_facts import PatientFact

FactSpec = (
    QuantityFact
    | ScoreFact
    | TiterFact
    | ResultFact
    | DateFact
    | EventsFact
    | CountFact
    | PatientFact
    | DerivedFact
    | DefinedFact
)
"""Any entry of the catalogue."""


class FactFile(Model):
    """A file of the catalogue."""

    schema_: str = Field(default="", alias="$schema")
    facts: tuple[Annotated[FactSpec, Field(discriminator="kind")], ...]


MODELS: dict[str, type[FactSpec]] = {
    kind: model for model in get_args(FactSpec) for kind in get_args(model.model_fields["kind"].annotation)
}
"""Each kind of fact, by the word that `kind` has for it."""
