"""The codes of the issues that reading a record can raise. They are stable: logs and dashboards count them."""

ISSUE_CODES: dict[str, str] = {
    "conflicting_versions": "A resource came with different contents and nothing says which is newer; all count.",
    "filtered_set": "A Bundle answers a search that leaves some entries out: what it holds is not all there is.",
    "incomplete_bundle": "A Bundle has a next page, or fewer entries than its total says.",
    "lenient_json": "The text is not strict JSON (NaN, control characters or half an emoji in text), but was read.",
    "malformed_bundle": "A Bundle's links, entries or parameters have the wrong type.",
    "malformed_resource": "An element has the wrong type or an impossible value; the resource does not count.",
    "modified_part": "A modifierExtension changes the meaning of a part of a resource; that part is not read.",
    "modifier": "A modifierExtension or implicitRules changes the meaning; the resource does not count.",
    "not_a_list": "One thing stands where FHIR wants a list of things; it was read as a list of one.",
    "odd_date": "A date is not in FHIR's form; it is read as the one date that it can be.",
    "older_version": "An older version of a resource was left out.",
    "operation_outcome": "The server reported an error, or that it left something out.",
    "other_patient": "A resource about another patient; it does not count (and a hook refuses the request).",
    "other_server": "References name another server than the record's own; ids alone were compared.",
    "other_subject": "A resource about a group, device, place or relative; it does not count.",
    "patient_without_id": "The Patient has no id and was taken to be the one asked for.",
    "replaced_patient": "The Patient is out of use and another has taken its place; its facts stand.",
    "request_failed": "A batch-response holds a request that the server answered with an error.",
    "unexpected_value": "A prefetch key holds FHIR, but not of a type that was asked for.",
    "unknown_status": "A status is none of those that FHIR has; the resource does not count for certain.",
    "unknown_subject": "It cannot be told whose resource it is; it does not count.",
    "unreadable_resource": "Its resourceType is missing or none that FHIR has, or it is nested too deeply.",
    "unreadable_value": "A prefetch value, or a further page of it, is not FHIR JSON.",
    "unresolved_medication": "A drug is referred to that was not sent: it may be any drug.",
}
"""Code to what it means, in alphabetical order."""
