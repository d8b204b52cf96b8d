"""The digest of a request is that of its content: not of its spacing, its order or its token."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import DecodeError

from cds_service.store import is_request, request_digest

BODY = {"hook": "patient-view", "prefetch": {"b": [1, "é\u2028"], "a": {"y": None, "x": True}}}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
)


def test_spacing_and_order_do_not_matter() -> None:
    shuffled = {"prefetch": {"a": {"y": None, "x": True}, "b": [1, "é\u2028"]}, "hook": "patient-view"}
    forms = [json.dumps(BODY), json.dumps(BODY, indent=3), json.dumps(shuffled)]
    forms.append("\ufeff" + json.dumps(BODY))
    assert len({request_digest(form.encode()) for form in forms}) == 1


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("kept", [True, False])
def test_a_request_is_known_however_its_characters_are_escaped(given: bool, kept: bool) -> None:
    body = {**BODY, "more": "\U0001f600"}
    digest = request_digest(json.dumps(body, ensure_ascii=given).encode())
    assert is_request(json.dumps(body, indent=2, ensure_ascii=kept).encode(), digest)
    assert not is_request(json.dumps({**body, "more": "other"}, ensure_ascii=kept).encode(), digest)


def test_the_token_does_not_matter_and_everything_else_does() -> None:
    plain = request_digest(json.dumps(BODY).encode())
    token = {"fhirAuthorization": {"access_token": "secret"}}
    assert request_digest(json.dumps({**BODY, **token}).encode()) == plain
    assert request_digest(json.dumps({**BODY, "hook": "order-sign"}).encode()) != plain


@pytest.mark.parametrize(("one", "other"), [("1.0", "1.00"), ("1", "1.0"), ("1e2", "100.0"), ('"1"', "1")])
def test_a_number_is_what_is_written(one: str, other: str) -> None:
    assert request_digest(f'{{"v": {one}}}'.encode()) != request_digest(f'{{"v": {other}}}'.encode())


@given(content=st.dictionaries(st.text(), values, max_size=4))
def test_the_same_content_has_the_same_digest_and_other_content_another(content: dict[str, Any]) -> None:
    content.pop("fhirAuthorization", None)
    forms = [json.dumps(content, indent=indent).encode() for indent in (None, 1)]
    forms.append(json.dumps(dict(reversed(content.items()))).encode())
    assert len({request_digest(form) for form in forms}) == 1
    other = {**content, "added": [content]}
    assert request_digest(json.dumps(other).encode()) != request_digest(forms[0])


def test_an_empty_list_in_many_spaces_is_an_empty_list() -> None:
    wide = '{"a": [' + " " * 40_000 + '], "b": {' + " " * 40_000 + "}}"
    assert request_digest(wide.encode()) == request_digest(b'{"a": [], "b": {}}')


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a": tru}', b'{"a": [1 2]}'])
def test_what_is_no_request_has_no_digest(body: bytes) -> None:
    with pytest.raises(DecodeError):
        request_digest(body)


@pytest.mark.parametrize(
    "bad", [rb'"\ud800"', b"NaN", b"-Infinity", b"007", b"1e999", b'"M\xfcller"', b"[" * 5_000 + b"]" * 5_000]
)
def test_a_request_with_a_value_that_json_does_not_have_has_a_digest_without_its_token(bad: bytes) -> None:
    """Such a request is answered, so its decision has to be logged, and found again."""

    def sent(code: bytes, token: bytes) -> bytes:
        entry = b'{"resourceType": "Condition", "note": [{"text": %s}], "code": {"text": "%s"}}' % (bad, code)
        return b'{"prefetch": {"conditions": %s}, "fhirAuthorization": {"access_token": "%s"}}' % (entry, token)

    digest = request_digest(sent(b"asthma", b"one"))
    assert is_request(sent(b"asthma", b"another"), digest)
    assert not is_request(sent(b"lupus", b"one"), digest)
