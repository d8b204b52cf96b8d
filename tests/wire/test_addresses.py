"""Addresses that others write: which a token may travel to, and that nothing but one error comes of the rest."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.wire import (
    AddressProblem,
    base_url,
    file_named,
    follow,
    host_of,
    is_private_way,
    parameters,
    parse_address,
    parse_origin,
)

BASE = "https://ehr.example/api/FHIR/R4"
ASKED = f"{BASE}/Observation?patient=1288992&_count=200"

# The shapes in which servers name their next page, as they and their users document them.
NEXT_PAGES = {
    "HAPI": f"{BASE}?_getpages=0e2c6c1c-7ac8-4bb8-8d8c-92f8e0b0c4c9&_getpagesoffset=20&_count=20&_bundletype=searchset",
    "HAPI, base with a slash": f"{BASE}/?_getpages=0e2c6c1c&_getpagesoffset=20",
    "Azure": f"{BASE}/Observation?patient=1288992&ct=W3sidG9rZW4iOiIrUklEOn5IYlFzQUxJdUlBIn1d%2B%2F%3D%3D",
    "Oracle Health": f"{BASE}/Observation?-pageContext=11111111-1111&-pageDirection=NEXT&patient=1288992",
    "Epic": f"{BASE}/Observation?sessionID=16-32fe1a40a6d211ecb3cd00505689ef20",
    "AWS HealthLake": f"{BASE}/Observation?page=AAMA-EFRSURBSGtGdlVNNmN3%3D%3D&patient=1288992",
    "Google": f"{BASE}/Observation/?_page_token=Cj3%2Fr%2B_8%3D&_count=100",
    "a path of the server's own": f"{BASE}/_page/6c1c7ac8/20",
    "a token with a slash in the path": f"{BASE}/_page/6c1c%2F7ac8",
    "a compartment": f"{BASE}/Patient/1288992/Observation?_count=20&page=2",
    "GET on _search": f"{BASE}/Observation/_search?patient=1288992&page=2",
    "relative to the page": "Observation?page=2",
    "a query alone": "?patient=1288992&page=2",
    "from the root": "/api/FHIR/R4/Observation?page=2",
    "without the scheme": "//ehr.example/api/FHIR/R4/Observation?page=2",
    "another spelling of the host": "HTTPS://EHR.Example:443/api/FHIR/R4/Observation?page=2",
    "round by a path above, and back": "../R4/Observation?page=2",
    "dots in a name": f"{BASE}/_page/v1.2..3?x=..%2f..%2f",
    "a dollar sign inside": f"{BASE}/_page/a$b",
    "what is in the query is the server's own": f"{BASE}/Observation?next=$export;x=1&page=%252e%252e%2f",
}


@pytest.mark.parametrize("link", NEXT_PAGES.values(), ids=NEXT_PAGES.keys())
def test_a_next_page_of_the_server_is_followed(link: str) -> None:
    address = parse_address(follow(link, ASKED, BASE))
    assert address.origin == "https://ehr.example"
    assert f"{address.path}/".startswith("/api/FHIR/R4/")


ELSEWHERE = {
    "another server": "https://evil.example/api/FHIR/R4/Observation",
    "another port": "https://ehr.example:8443/api/FHIR/R4/Observation",
    "no longer https": "http://ehr.example/api/FHIR/R4/Observation",
    "another name that begins alike": "https://ehr.example.evil.example/api/FHIR/R4/Observation",
    "a user name": "https://ehr.example@evil.example/api/FHIR/R4/Observation",
    "a file": "file:///etc/passwd",
    "no address": "javascript:alert(1)",
    "half an IPv6 address": "http://[",
    "an address of a kind to come": "https://[v1.ehr]/api/FHIR/R4/Observation",
    "half an IPv6 address, relative": "//[",
    "a port that is none": "https://ehr.example:99999/api/FHIR/R4/Observation",
    "a port of 5,000 digits": f"https://ehr.example:{'9' * 5_000}/api/FHIR/R4/Observation",
    "beside the base": "https://ehr.example/api/FHIR/R4B/Observation",
    "above the base": "https://ehr.example/api/FHIR",
    "above by dots": f"{BASE}/../../admin",
    "above by dots, relative": "../../admin",
    "one dot": f"{BASE}/./Observation",
    "three dots": f"{BASE}/.../Observation",
    "an empty segment": f"{BASE}//evil.example/Observation",
    "an empty segment, encoded": f"{BASE}/_page/a%2f%2fb",
    "%2e%2e": f"{BASE}/%2e%2e/admin",
    ".%2e": f"{BASE}/.%2E/admin",
    "..%2f": f"{BASE}/..%2f..%2fadmin",
    "..%5c": f"{BASE}/..%5c..%5cadmin",
    "a backslash": f"{BASE}/..\\admin",
    "..;": f"{BASE}/..;/admin",
    "..;x=1": f"{BASE}/..;x=1/admin",
    "..%3b": f"{BASE}/..%3b/admin",
    "a parameter of a path": f"{BASE}/Observation;jsessionid=1",
    "%252e%252e": f"{BASE}/%252e%252e/admin",
    "%25252e, over and over": f"{BASE}/%{'25' * 40}2e%2e/admin",
    "%u002e": f"{BASE}/%u002e%u002e/admin",
    "half an escape": f"{BASE}/%2/admin",
    "overlong UTF-8": f"{BASE}/%c0%ae%c0%ae/admin",
    "full-width dots": f"{BASE}/\uff0e\uff0e/admin",
    "full-width dots, encoded": f"{BASE}/%ef%bc%8e%ef%bc%8e/admin",
    "a two-dot leader": f"{BASE}/%e2%80%a5/admin",
    "a full-width slash": f"{BASE}/..%ef%bc%8fadmin",
    "dots and a space": f"{BASE}/..%20/admin",
    "a NUL": f"{BASE}/..%00/admin",
    "a line's end": f"{BASE}/Observation%0d%0aX-Evil:1",
    "a tab": f"{BASE}/.\t./admin",
    "a space before": f" {BASE}/Observation",
    "$export": f"{BASE}/$export",
    "$export of a patient": f"{BASE}/Patient/$export",
    "$everything": f"{BASE}/Patient/1288992/$everything?page=2",
    "$export, encoded": f"{BASE}/%24export",
    "$export, encoded twice": f"{BASE}/%2524export",
    "$export behind an encoded slash": f"{BASE}/Patient%2f$export",
    "a full-width dollar sign": f"{BASE}/%ef%bc%84export",
    "_history": f"{BASE}/Observation/1/_history",
    "_history of all": f"{BASE}/_history",
    "base encoded otherwise": "https://ehr.example/api%2fFHIR/R4/Observation",
}


@pytest.mark.parametrize("link", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_what_leads_elsewhere_is_never_followed(link: str) -> None:
    with pytest.raises(AddressProblem):
        follow(link, ASKED, BASE)


@pytest.mark.parametrize(
    ("written", "one_spelling"),
    [
        ("https://EHR.example:443/fhir/", "https://ehr.example/fhir"),
        ("HTTP://[::1]:80/fhir", "http://[::1]/fhir"),
        ("https://ehr.example./fhir", "https://ehr.example/fhir"),
        ("https://ehr.example", "https://ehr.example"),
        ("https://ehr.example/fhir?x=1", None),
        ("https://user@ehr.example/fhir", None),
        ("https://ehr.example/fhir/..", None),
        ("https://ehr.example/fhir/%2e%2e", None),
        ("https://ehr.example/fhir;a", None),
        ("ehr.example/fhir", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_the_base_of_a_server_has_one_spelling(written: str, one_spelling: str | None) -> None:
    assert base_url(written) == one_spelling


@pytest.mark.parametrize("text", ["null", "http://[", "https://a.example/", "https://a.example?x", "a.example", ""])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(AddressProblem):
        parse_origin(text)


def test_a_query_of_too_many_parameters_is_refused() -> None:
    assert parameters("a=1&b=&a=%32", 3) == [("a", "1"), ("b", ""), ("a", "2")]
    with pytest.raises(AddressProblem):
        parameters("a&b&c&d", 3)


# Whatever comes: an address, or the one error.

PIECES = st.sampled_from(
    [
        *(
            BASE,
            "https://",
            "http://",
            "//",
            "[",
            "]",
            "::1",
            "@",
            ":",
            "9" * 30,
            "/",
            "..",
            "%2e",
            "%25",
            "%",
            ";",
            "$",
        ),
        *("?", "#", "\\", "\t", "\x00", "\ud800", "\uff0e", "\u3002", "é", "xn--", "ehr.example", "_history", "&", "="),
    ]
)
ANY = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join), st.text().map(lambda rest: f"{BASE}/{rest}"))


@settings(max_examples=1_000)
@given(ANY)
@example("http://[")
@example("http://[::1")
@example("http://[v1.x]/")
@example("https://\u2100.example/")
@example("https://a:\u0661/")
def test_any_text_is_an_address_or_the_one_error(text: str) -> None:
    for parse in (parse_address, parse_origin, lambda text: parameters(text, 20)):
        with suppress(AddressProblem):
            parse(text)
    assert base_url(text) is None or parse_address(text)
    assert (host_of(text) is None) == (not _is_address(text))
    assert is_private_way(text) in (True, False)


@settings(max_examples=1_000)
@given(ANY)
def test_what_is_followed_is_below_in_every_reading(link: str) -> None:
    try:
        address = follow(link, ASKED, BASE)
    except AddressProblem:
        return
    below = parse_address(address).path
    assert parse_address(address).origin == "https://ehr.example"
    assert below.startswith("/api/FHIR/R4")
    assert not {"..", "."}.intersection(below.split("/"))


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except AddressProblem:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "path"),
    [("file:/a/b.sqlite3?mode=rw", "/a/b.sqlite3"), ("file:/a%20b/%3F.sqlite3", "/a b/?.sqlite3"), ("/a/b", "/a/b")],
)
def test_the_file_that_an_address_names(address: str, path: str) -> None:
    assert file_named(address) == path
