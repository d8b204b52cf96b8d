"""What can be wrong in the catalogue, the value sets and the tables beside them, by its stable code."""

from cds_service.errors import Finding, Severity
from cds_service.facts.fact import Reason

FINDINGS: dict[str, str] = {
    "fact-file-invalid": 'A fact file holds `{"facts": [...]}` (and may name its `$schema`), nothing else.',
    "fact-unknown-kind": "A fact has no `kind`, or one that there is not. The fact is left out.",
    "fact-duplicate-name": "Two facts have the same name. The later one is left out.",
    "fact-name-taken": "A fact's name is reserved or continues the name of another fact.",
    "fact-unknown-part": "A fact refers to a fact that the catalogue has not (or that is of the wrong kind).",
    "fact-formula-parts": "The parts of a derived fact are not what its formula reads. The fact is left out.",
    "fact-circular": "A fact is made from itself, directly or through others. It is left out.",
    "fact-unknown-valueset": "A fact names a value set for which there is no usable file. The fact is left out.",
    "fact-unknown-route": "A fact names a drug route that `facts/routes.json` has not.",
    "valueset-duplicate-id": "Two value sets have the same id or url. The later one is left out.",
    "valueset-unknown-system": "A code system is none of those in `facts/systems.json`.",
    "valueset-unknown-import": "A value set includes one that does not exist. The including one is left out.",
    "valueset-import-depth": "A value set that is included includes another. Only one level is read.",
    "valueset-filter-system": "`is-a` is read as a prefix, which only ICD-10 and ATC codes allow. List the codes.",
    "conceptmap-invalid": "The concept map is not of the form that is read here. It is left out.",
    "conceptmap-equivalence": "Only equal, equivalent, wider and subsumes let a site code stand for another. Ignored.",
    "table-invalid": "A table beside the facts contradicts itself: a route that it has not, a word with two answers.",
    "unit-spelling-conflict": "A spelling stands for two units of one fact with different factors: never understood.",
}
"""Stable code -> what it means and how to mend it."""

ISSUE_CODES: dict[str, str] = {
    "unit_not_understood": "A result's unit is not among those of the fact; the fact is unknown.",
    "value_not_understood": "A result's value is not understood; the fact is unknown.",
}
"""The codes of the issues that the facts add to those of reading a record."""


REASONS: dict[Reason, str] = {
    "no_result": "Nothing is on record, though everything of that kind was supplied; or only results without a value.",
    "not_supplied": "That kind of resource was not supplied at all.",
    "incomplete_record": "It was supplied in part, or something in it that may matter could not be read.",
    "too_old": "There is evidence, older than the fact or the criterion allows.",
    "undated": "There is evidence without a date, where its age matters.",
    "unit_not_understood": "The newest value is in a unit that the fact doesn't list, or in none.",
    "value_not_understood": "The newest value is unreadable, impossible, contradicts itself or has no known status.",
    "no_reference_range": "The observation gives no limit of normal, or none that certainly applies to this patient.",
    "indeterminate": "The laboratory says that it is neither positive nor negative.",
    "after_transfusion": "Taken within 2 weeks of a transfusion or growth factor that raises it: only too low counts.",
    "conflicting_results": "Results of which any may be the newest differ.",
    "uncoded_mention": "It is mentioned in words only; no code says so.",
    "unconfirmed": "It is recorded as unconfirmed, provisional or differential, or under a code that only may mean it.",
    "malformed_entry": "An entry that is malformed, or whose status FHIR does not know, may say so.",
}
"""Why a fact is unknown."""


def finding(
    code: str, file: str, pointer: str, message: str, *, hint: str = "", severity: Severity = "error"
) -> Finding:
    """A `Finding` of one of the codes above; raises `KeyError` for a code that is not documented there."""
    return Finding(file, pointer, code, severity, message, hint or FINDINGS[code])
