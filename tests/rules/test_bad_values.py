"""A value that its key does not take: the finding names the key, what was written and what it takes."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from cds_service.rule_files import invalid, parse_json
from cds_service.trials import Trial

SOUND: dict[str, Any] = {
    "id": "NCT1",
    "title": "A trial",
    "short_title": "A trial",
    "status": "recruiting",
    "registry": {"url": "https://example.org/NCT1"},
    "state": "draft",
    "rules_version": "0.1.0",
    "criteria": [{"id": "inc-01", "kind": "inclusion", "text": "Consent", "review": "Ask for consent"}],
}
CRITERION = SOUND["criteria"][0]


@pytest.mark.parametrize(
    ("change", "place", "message", "hint"),
    [
        ({"state": "aktive"}, "/state", "'state' takes 'draft', 'active' or ", "did you mean 'active'?"),
        ({"status": "Not yet recruiting"}, "/status", "not 'Not yet recruiting'", "did you mean 'not_yet_recruiting'?"),
        ({"status": 7}, "/status", ", not 7", ""),
        ({"criteria": {"a": 1}}, "/criteria", "'criteria' takes a list [ ], not an object { }", ""),
        ({"criteria": ["Age"]}, "/criteria/0", "item 1 of the list takes an object { }, not 'Age'", ""),
        (
            {"criteria": [CRITERION | {"gate": "perhaps"}]},
            "/criteria/0/gate",
            "'gate' takes true or false, not 'per",
            "",
        ),
        # What a program would make true or a number of.
        ({"criteria": [CRITERION | {"gate": "yes"}]}, "/criteria/0/gate", "'gate' takes true or false, not 'yes'", ""),
        ({"criteria": [CRITERION | {"gate": 1}]}, "/criteria/0/gate", "'gate' takes true or false, not 1", ""),
        ({"enrollment": "18"}, "/enrollment", "'enrollment' takes a whole number, not '18'", ""),
        ({"enrollment": 18.0}, "/enrollment", "'enrollment' takes a whole number, not 18.0", ""),
        ({"enrollment": True}, "/enrollment", "'enrollment' takes a whole number, not true", ""),
        (
            {"dates": {"start": 2025}},
            "/dates/start",
            "'start' takes a day in quotes, such as \"2026-11-24\", not 2025",
            "",
        ),
        ({"criteria": [CRITERION | {"text": 5}]}, "/criteria/0/text", "'text' takes a text in quotes \"\", not 5", ""),
        ({"title": None}, "/title", "'title' takes a text in quotes \"\", not null", ""),
        ({"registry": "the page"}, "/registry", "'registry' takes an object { }, not 'the page'", ""),
    ],
)
def test_a_value_that_its_key_does_not_take(change: dict[str, Any], place: str, message: str, hint: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Trial.model_validate(SOUND | change)
    [one] = invalid(raised.value, "trial.json", Trial)
    assert (one.code, one.pointer, one.hint) == ("bad-value", place, hint)
    assert message in one.message


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (json.dumps({"title": "Jörg"}, indent=1, ensure_ascii=False).encode("latin-1"), 2),
        (b'{\n "a": 1,\n "b": "\xe4"}', 3),
        ("{}".encode("utf-16"), 1),
    ],
)
def test_a_file_in_another_encoding_is_named_with_the_line(data: bytes, line: int) -> None:
    content, [one] = parse_json(data, "trial.json")
    assert content is None
    assert (one.code, one.line, one.hint) == ("unreadable-file", line, "save it as UTF-8")
