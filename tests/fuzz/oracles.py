"""What must hold of every answer, however the request was made."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import jsonschema

from cds_service.matching import Match
from tests.fuzz.mutations import Body

MARKER = "ZQXMARK"
"""Begins the patient's id and name, and the token: nothing of it may be in a log."""
TOKEN = f"{MARKER}token"
REFUSALS = frozenset({400, 403, 404, 405, 412, 413, 415})
PATH = "/cds-services/clinical-trial-match"
_MAY_BE_EMPTY = frozenset({"cards"})


class Broken(AssertionError):  # noqa: N818 - it says what is broken
    """Something that must hold does not; the text says what."""


def check(holds: object, what: str) -> None:
    if not holds:
        raise Broken(what)


class Contract:
    """The answers that the service's own OpenAPI document describes, and CDS Hooks' rules for cards beside it."""

    def __init__(self, openapi: Body) -> None:
        responses = openapi["paths"][PATH]["post"]["responses"]
        self._validators = {
            int(status): jsonschema.Draft202012Validator({**schema, "components": openapi.get("components", {})})
            for status, response in responses.items()
            if (schema := next(iter(response.get("content", {}).values()), {}).get("schema"))
        }

    def check(self, status: int, text: str, headers: Mapping[str, str]) -> Any:
        """The decoded answer. Raises Broken."""
        check(TOKEN not in text, "the token stands in the answer")
        try:
            answer = json.loads(text, parse_constant=_no_constant)
        except ValueError as problem:
            raise Broken(f"the answer with {status} is no JSON: {problem}") from problem
        if status == 503:
            [issue] = answer["issue"]
            check(issue["code"] in ("timeout", "throttled", "transient"), f"503 for {issue['code']}")
            check("retry-after" in headers, "503 that does not say when to come again")
        else:
            check(status == 200 or status in REFUSALS, f"status {status}")
        check(status in self._validators, f"status {status} is not in the OpenAPI document")
        errors = [error.message for error in self._validators[status].iter_errors(answer)]
        check(not errors, f"not as the OpenAPI document has it: {errors[:2]}")
        check(not list(_empty(answer)), f"empty values: {list(_empty(answer))[:3]}")
        for card in answer.get("cards", ()):
            _check_card(card)
        return answer


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _empty(value: Any, path: str = "") -> Iterator[str]:
    """The places of what is to be left out where it is empty."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if inner is None or (inner in ("", [], {}) and key not in _MAY_BE_EMPTY):
            yield f"{path}/{key}"
        yield from _empty(inner, f"{path}/{key}")


def _check_card(card: Body) -> None:
    check(0 < len(card["summary"]) <= 139, "the length of the summary")
    check(card["indicator"] in ("info", "warning", "critical"), "the indicator")
    check(card["source"]["label"], "the source")
    UUID(card["uuid"])
    # Of another's HTML nothing may come through; a line break is written as one.
    check(not re.search(r"<(?!br ?/?>)[a-z/!]", card.get("detail", ""), re.IGNORECASE), "HTML in the detail")
    for suggestion in card.get("suggestions", ()):
        check(card.get("selectionBehavior") in ("any", "at-most-one"), "suggestions without selectionBehavior")
        UUID(suggestion["uuid"])
        check(suggestion["actions"], "a suggestion without actions")


def says_nothing(status: int, answer: Body) -> bool:
    """Whether the answer says that no trial fits, and that this is known."""
    return status == 200 and not answer["cards"] and "extension" not in answer


def holds_conditions(sent: bytes) -> bool:
    """Whether a body may hold any Condition, or says that there are none."""
    try:
        body = json.loads(sent)
    except (ValueError, RecursionError):
        return True
    prefetch = body.get("prefetch") if isinstance(body, dict) else None
    if not isinstance(prefetch, dict):
        return False
    return "Condition" in json.dumps(prefetch) or any(
        isinstance(value, dict | list) or value is None for key, value in prefetch.items() if key != "patient"
    )


Outcomes = dict[tuple[str, str, str], str]


def outcomes(match: Match) -> Outcomes:
    """What every criterion comes to, by trial, cohort and criterion."""
    found = {}
    for trial in match.trials:
        for criterion in trial.criteria:
            found[trial.trial.id, "", criterion.criterion.id] = criterion.outcome
        for cohort in trial.cohorts:
            for criterion in cohort.criteria:
                found[trial.trial.id, cohort.cohort.id, criterion.criterion.id] = criterion.outcome
    return found


def flips(before: Outcomes, after: Outcomes) -> list[str]:
    """The criteria that passed and fail now, or the other way round."""
    both = {"pass", "fail"}
    return ["/".join(key) for key, was in before.items() if {was, after[key]} == both]
