"""Facts that the Patient resource tells."""

from typing import Literal

from pydantic import model_validator

from cds_service.facts.catalogue.fact_definition import FactDefinition, FactType, Lookup


class PatientFact(FactDefinition):
    kind: Literal["patient"]

    @model_validator(mode="after")
    def _is_known(self) -> "PatientFact":
        if self.name not in {"patient.age", "patient.sex", "patient.deceased"}:
            raise ValueError("the patient facts are patient.age, patient.sex and patient.deceased")
        return self

    def rule_type(self, known: Lookup) -> FactType:
        match self.name:
            case "patient.age":
                return "age"
            case "patient.sex":
                return "sex"
        return "boolean"

    @property
    def made_from(self) -> str:
        return "Patient"

    @property
    def page_words(self) -> tuple[str, ...]:
        return ("patient: read from the Patient resource",)
