"""A FHIR terminology server: an expansion is taken whole, or refused with its address and the server's own words."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.terminology.sources import FilterCondition, SourceError, UnsupportedFilterError, open_tx
from tests.cds_hooks.servers import Asked, Says
from tests.terminology.sources.tx_stub import (
    SYSTEM,
    VERSION,
    Handler,
    capabilities,
    entry,
    lookup,
    outcome,
    page,
    paged,
    parameters,
    terminology_server,
)

BELOW = [FilterCondition("concept", "is-a", "1"), FilterCondition("kind", "=", "quill")]


class Clock:
    """Time that passes when it is looked at or slept through."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 0.0, step
        self.slept: list[float] = []

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def found(url: str, *conditions: FilterCondition, clock: Clock | None = None) -> list[tuple[str, str]]:
    """The codes and names that the server at `url` gives for some conditions."""
    clock = clock or Clock()
    source = open_tx(f"{url}/fhir", clock=clock, sleep=clock.sleep)
    return [(one.code, one.display) for one in source.expand(SYSTEM, conditions)]


def in_turn(*answers: Says) -> Handler:
    """Gives one answer after another, the last one for ever."""
    left: Iterator[Says] = iter(answers)
    last = answers[-1]
    return lambda _: next(left, last)


def test_codes_come_in_order_with_their_names() -> None:
    with terminology_server(paged([entry("3"), entry("1"), entry("2")], 10)) as server:
        assert found(server.url) == [("1", "Zorb 1"), ("2", "Zorb 2"), ("3", "Zorb 3")]


@pytest.mark.parametrize("size", [1, 2, 5, 7, 1000])
def test_pages_are_asked_for_until_the_total_however_large_the_server_makes_them(size: int) -> None:
    entries = [entry(str(number)) for number in range(10, 17)]
    with terminology_server(paged(entries, size)) as server:
        assert [code for code, _ in found(server.url)] == [str(number) for number in range(10, 17)]
        assert server.paths.count("/fhir/ValueSet/$expand") == -(-7 // size)


def test_what_is_asked_is_one_include_with_its_filters_in_the_version_that_is_held() -> None:
    asked: list[dict[str, Any]] = []

    def expand(one: Asked) -> Says:
        asked.append(parameters(one))
        return page([entry("1")], total=1)

    with terminology_server(expand, look_up=lambda _: lookup("Zorb 1")) as server:
        found(server.url, *BELOW)
    [question] = asked
    assert question.pop("valueSet")["compose"] == {
        "include": [
            {
                "system": SYSTEM,
                "version": VERSION,
                "filter": [
                    {"property": "concept", "op": "is-a", "value": "1"},
                    {"property": "kind", "op": "=", "value": "quill"},
                ],
            }
        ]
    }
    assert question == {"count": 1000, "offset": 0, "activeOnly": True, "excludeNested": True}


def test_nested_codes_count_and_those_not_in_use_or_not_to_be_chosen_are_left_out() -> None:
    nested = [
        entry(
            "1", abstract=True, contains=[entry("2"), {"display": "a heading", "contains": [entry("3", inactive=True)]}]
        ),
        entry("4"),
    ]
    with terminology_server(lambda _: page(nested, total=4)) as server:
        assert [code for code, _ in found(server.url)] == ["2", "4"]


def test_a_server_that_neither_pages_nor_counts_gives_all_at_once() -> None:
    with terminology_server(lambda _: page([entry("1"), entry("2")])) as server:
        assert [code for code, _ in found(server.url)] == ["1", "2"]


def test_a_server_that_pages_without_a_total_is_asked_until_nothing_comes() -> None:
    pages = in_turn(page([entry("1")], offset=0), page([entry("2")], offset=1), page([], offset=2))
    with terminology_server(pages) as server:
        assert [code for code, _ in found(server.url)] == ["1", "2"]


def test_an_empty_expansion_is_an_answer() -> None:
    with terminology_server(lambda _: page([], total=0)) as server:
        assert found(server.url) == []


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([page([entry("1")], total=2), page([entry("2")], total=3)], "the total changed from 2 to 3 between pages"),
        ([page([entry("1")], total=3), page([], total=3)], "its pages end after 1 codes of 3"),
        ([page([entry("1"), entry("2")], total=1)], "it gives 2 codes of 1"),
        ([page([entry("1")], total=9)], "it gives 1 a second time"),
        (
            [page([entry("1"), {"system": "http://example.org/other", "code": "9"}], total=2)],
            "it gives 9 of http://example.org/other",
        ),
        ([page([{"code": "9"}], total=1)], "it gives 9 of None"),
        ([page([entry(str(n)) for n in range(1000)])], "neither total nor offset"),
        ([page([entry("1")], total=600_000)], "more than 500,000 codes"),
        ([page([entry("1")], version="2025-07", total=1)], "from version 2025-07 of .*, and held 2026-01 before"),
        ([page([entry("1")], total=2), page([entry("2")], version="2026-07", total=2)], "from version 2026-07"),
        (
            [
                page(
                    [entry("1")],
                    total=1,
                    extension=[{"url": "http://hl7.org/fhir/StructureDefinition/valueset-unclosed"}],
                )
            ],
            "a part only",
        ),
        ([page([entry("1")], total="many")], r"the ValueSet is not as FHIR has it: expansion\.total"),
        ([page([entry("1")], total=-1)], r"the ValueSet is not as FHIR has it: expansion\.total"),
        ([page([entry(1)], total=1)], r"the ValueSet is not as FHIR has it: expansion\.contains\.0\.code"),  # type: ignore[arg-type]  # what the test is about
        ([Says({"resourceType": "ValueSet", "status": "active"})], "the ValueSet is not as FHIR has it: expansion"),
        ([Says({"resourceType": "Bundle"})], "not the ValueSet that was asked for: a Bundle"),
        ([Says("<html><body>Please log in</body></html>")], "no FHIR JSON, or is cut off: <html><body>Please log in"),
        ([Says('{"resourceType": "ValueSet", "expansion": {"total": 2, "conta')], "no FHIR JSON, or is cut off"),
        ([Says("[" * 100_000)], "no FHIR JSON"),
        ([Says("[]")], "no FHIR JSON"),
        ([Says(b"")], "no FHIR JSON, or is cut off: nothing"),
        ([outcome("too-costly", "more than 10000 codes")], "status 422, .*: too-costly: more than 10000 codes"),
        ([outcome("too-costly", "more than 10000 codes", 500)], "status 500, .*: too-costly: more than 10000 codes"),
        ([outcome("invalid", "no such filter", 400)], "status 400, .*: invalid: no such filter"),
        ([outcome("not-found", "no such code system", 404)], "status 404, .*: not-found: no such code system"),
        ([Says("Not here", 404)], "status 404, not the ValueSet that was asked for: Not here"),
        (
            [outcome("login", "who are you?", 401)],
            r"it wants a token \(CDS_TX_TOKEN\) \(status 401\): login: who are you",
        ),
        ([outcome("forbidden", "not you", 403)], r"\(status 403\): forbidden: not you"),
        (
            [Says(b"", 302, {"Location": "http://elsewhere.example/fhir"})],
            r"it sends elsewhere \(status 302, http://elsewhere",
        ),
        ([Says(b"", headers={"Content-Encoding": "br"})], "compressed answers that were not asked for"),
    ],
)
def test_nothing_is_taken_half(answers: list[Says], told: str) -> None:
    with terminology_server(in_turn(*answers)) as server:
        with pytest.raises(SourceError, match=told) as problem:
            found(server.url)
        assert problem.value.where.startswith(f"{server.url}/fhir")


def test_pages_that_do_not_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.terminology.sources.tx._MOST_PAGES", 5)

    def endless(asked: Asked) -> Says:
        offset = parameters(asked)["offset"]
        return page([entry(str(offset))], offset=offset)

    with terminology_server(endless) as server, pytest.raises(SourceError, match="does not end after 5 pages"):
        found(server.url)


def test_an_answer_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.terminology.sources.tx_client.MOST_BYTES", 5_000)
    many = page([entry(str(number)) for number in range(500)], total=500)
    with terminology_server(lambda _: many) as server, pytest.raises(SourceError, match="longer than 5,000 bytes"):
        found(server.url)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_the_time_that_it_names(status: int) -> None:
    clock = Clock()
    answers = in_turn(
        outcome("throttled", "slowly", status, **{"Retry-After": "7"}),
        outcome("transient", "soon", status, **{"Retry-After": "Mon, 30 Nov 2026 00:00:00 GMT"}),
        page([entry("1")], total=1),
    )
    with terminology_server(answers) as server:
        assert [code for code, _ in found(server.url, clock=clock)] == ["1"]
    assert clock.slept == [7.0, 2.0]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (outcome("throttled", "slowly", 429), "status 429: throttled: slowly, 4 times"),
        (Says("<html>Bad gateway</html>", 502), "status 502: <html>Bad gateway</html>, 4 times"),
        (Says(b"", drop=True), "no whole answer: .*, 4 times"),
        (Says({"resourceType": "ValueSet", "text": "x" * 500}, cut=True), "no whole answer: .*, 4 times"),
    ],
)
def test_a_server_that_stays_busy_is_given_up(says: Says, told: str) -> None:
    clock = Clock()
    with terminology_server(lambda _: says) as server, pytest.raises(SourceError, match=told):
        found(server.url, clock=clock)
    assert clock.slept == [1.0, 2.0, 4.0]


def test_a_server_that_wants_to_be_asked_much_later_is_given_up_at_once() -> None:
    clock = Clock()
    later = outcome("throttled", "tomorrow", 429, **{"Retry-After": "86400"})
    with terminology_server(lambda _: later) as server, pytest.raises(SourceError, match="asks to wait 86400 seconds"):
        found(server.url, clock=clock)
    assert clock.slept == []


def test_an_answer_that_dribbles_is_given_up_at_its_deadline() -> None:
    dribbling = page([entry("1")], total=1)
    dribbling.dribble = 0.001
    clock = Clock()
    with terminology_server(lambda _: dribbling) as server:
        source = open_tx(f"{server.url}/fhir", seconds=30, clock=clock, sleep=clock.sleep)
        clock.step = 31
        with pytest.raises(SourceError, match="no whole answer within 30 seconds"):
            list(source.expand(SYSTEM, []))


def test_a_server_that_says_nothing_is_given_up() -> None:
    silent = Says(hold=True)
    told = r"no answer within 0\.2 seconds"
    with terminology_server(metadata=lambda _: silent) as server, pytest.raises(SourceError, match=told):
        open_tx(f"{server.url}/fhir", seconds=0.2)


def test_nobody_at_the_address() -> None:
    clock = Clock()
    with terminology_server() as server:
        url = server.url
    with pytest.raises(SourceError, match=f"{url}/fhir/metadata.*: no whole answer"):
        found(url, clock=clock)


@pytest.mark.parametrize(
    "place", ["", "tx", "ftp://tx.example/fhir", "https://user:word@tx.example/fhir", "https://tx.example/fhir?x=1"]
)
def test_what_is_no_address_of_a_server_is_refused(place: str) -> None:
    with pytest.raises(SourceError, match="it is no http"):
        open_tx(place)


@pytest.mark.parametrize(
    ("conditions", "told"),
    [([FilterCondition("has_route", "=", "Oral")], "cannot answer it: not-supported: no such filter")],
)
def test_a_filter_that_the_server_does_not_support_is_told_apart(conditions: list[FilterCondition], told: str) -> None:
    refused = outcome("not-supported", "no such filter")
    with terminology_server(lambda _: refused) as server, pytest.raises(UnsupportedFilterError, match=told):
        found(server.url, *conditions)


def test_a_root_that_the_server_does_not_hold_is_a_lookup_error() -> None:
    with terminology_server(paged([], 10), look_up=lambda _: outcome("not-found", "no 77", 404)) as server:
        with pytest.raises(LookupError, match=r"77 is no code of http://example\.org/zorb at"):
            found(server.url, FilterCondition("concept", "is-a", "77"))
        assert "/fhir/ValueSet/$expand" not in server.paths


@pytest.mark.parametrize(
    ("says", "active"),
    [
        (lookup("Zorb"), True),
        (lookup("Zorb", ("inactive", {"valueBoolean": False})), True),
        (lookup("Zorb", ("inactive", {"valueBoolean": True})), False),
        (lookup("Zorb", ("inactive", {"valueString": "true"})), False),
        (lookup("Zorb", ("status", {"valueCode": "retired"})), False),
        (lookup("Zorb", ("STATUS", {"valueString": "DEPRECATED"})), False),
        (lookup("Zorb", ("parent", {"valueCode": "1"})), True),
    ],
)
def test_a_code_is_looked_up_once(says: Says, active: bool) -> None:
    with terminology_server(look_up=lambda _: says) as server:
        source = open_tx(f"{server.url}/fhir/")
        assert source.concept(SYSTEM, "a&b") == ("a&b", "Zorb", active)
        source.concept(SYSTEM, "a&b")
        asked = [one.path for one in server.asked if "lookup" in one.path]
    assert asked == ["/fhir/CodeSystem/$lookup?system=http%3A%2F%2Fexample.org%2Fzorb&code=a%26b"]


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_code_that_is_not_there_is_none(status: int) -> None:
    with terminology_server(look_up=lambda _: outcome("not-found", "no 77", status)) as server:
        assert open_tx(f"{server.url}/fhir").concept(SYSTEM, "77") is None


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (Says("<html>gone</html>", 404), "status 404, not the Parameters that was asked for: <html>gone"),
        (outcome("exception", "broken", 400), "status 400, not the Parameters"),
        (Says({"resourceType": "Bundle"}), "not the Parameters"),
    ],
)
def test_a_look_up_that_fails_is_no_answer(says: Says, told: str) -> None:
    with terminology_server(look_up=lambda _: says) as server, pytest.raises(SourceError, match=told):
        open_tx(f"{server.url}/fhir").concept(SYSTEM, "77")


def test_a_code_of_a_system_that_the_server_does_not_name_is_no_answer() -> None:
    unknown, told = outcome("not-found", "unknown", 404), r"does not say that it holds http://example\.org/other"
    with terminology_server(look_up=lambda _: unknown) as server, pytest.raises(SourceError, match=told):
        open_tx(f"{server.url}/fhir").concept("http://example.org/other", "77")


def searched(*versions: str) -> Says:
    entries = [{"resource": {"resourceType": "CodeSystem", "url": SYSTEM, "version": one}} for one in versions]
    return Says({"resourceType": "Bundle", "type": "searchset", "entry": entries})


@pytest.mark.parametrize(
    ("metadata", "search", "version_in_expansion", "version"),
    [
        (capabilities(zorb="2026-01"), None, None, "2026-01"),
        (capabilities(zorb="2026-01"), None, "2026-01", "2026-01"),
        (capabilities(other="1"), None, "2026-07", "2026-07"),
        (Says({"resourceType": "CapabilityStatement"}), searched("2026-03"), None, "2026-03"),
        (outcome("not-supported", "no", 404), searched("2026-03"), "2026-07", "2026-07"),
    ],
)
def test_the_version_is_what_the_server_says(
    metadata: Says, search: Says | None, version_in_expansion: str | None, version: str
) -> None:
    with terminology_server(
        lambda _: page([entry("1")], version=version_in_expansion, total=1),
        metadata=lambda _: metadata,
        search=(lambda _: search) if search else None,
    ) as server:
        source = open_tx(f"{server.url}/fhir")
        list(source.expand(SYSTEM, []))
    assert dict(source.releases)[SYSTEM] == version


@pytest.mark.parametrize("search", [searched(), searched("1", "2"), outcome("not-supported", "no", 400)])
def test_an_expansion_whose_version_nobody_names_is_refused(search: Says) -> None:
    with terminology_server(
        lambda _: page([entry("1")], version=None, total=1), metadata=lambda _: capabilities(), search=lambda _: search
    ) as server:
        source = open_tx(f"{server.url}/fhir")
        with pytest.raises(SourceError, match="does not say which version of"):
            list(source.expand(SYSTEM, []))


def test_a_server_that_does_not_list_what_it_holds_is_asked_for_the_systems_that_are_read() -> None:
    def search(asked: Asked) -> Says:
        holds = "url=http%3A%2F%2Floinc.org&" in asked.path
        resource = {"resourceType": "CodeSystem", "url": "http://loinc.org", "version": "2.77"}
        return Says({"resourceType": "Bundle", "entry": [{"resource": resource}] if holds else []})

    statement = Says({"resourceType": "CapabilityStatement"})
    with terminology_server(metadata=lambda _: statement, search=search) as server:
        assert open_tx(f"{server.url}/fhir").releases == (("http://loinc.org", "2.77"),)


def test_of_several_versions_without_a_default_none_is_guessed() -> None:
    held = {"uri": SYSTEM, "version": [{"code": "2025-01"}, {"code": "2026-01"}]}
    says = Says({"resourceType": "TerminologyCapabilities", "codeSystem": [held]})
    with terminology_server(metadata=lambda _: says) as server:
        assert open_tx(f"{server.url}/fhir").releases == ()


def test_of_several_versions_the_default_counts() -> None:
    versions = [{"code": "2025-01"}, {"code": "2026-01", "isDefault": True}]
    held = Says({"resourceType": "TerminologyCapabilities", "codeSystem": [{"uri": SYSTEM, "version": versions}]})
    with terminology_server(metadata=lambda _: held) as server:
        assert open_tx(f"{server.url}/fhir").releases == ((SYSTEM, "2026-01"),)


def test_the_token_is_sent_to_the_server_and_is_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_TX_TOKEN", "zorb-secret")
    with terminology_server(lambda _: outcome("forbidden", "not you", 403)) as server:
        source = open_tx(f"{server.url}/fhir")
        with pytest.raises(SourceError, match=r"the token is not accepted \(status 403\)") as problem:
            list(source.expand(SYSTEM, []))
    assert {one.headers["authorization"] for one in server.asked} == {"Bearer zorb-secret"}
    assert "zorb-secret" not in str(problem.value)


def test_a_token_is_not_sent_where_others_can_read_it() -> None:
    with pytest.raises(SourceError, match="a token is sent over https only"):
        open_tx("http://tx.example/fhir", token="zorb-secret")


def test_what_is_posted_is_fhir_json() -> None:
    with terminology_server(paged([entry("1")], 10)) as server:
        found(server.url)
    posted = server.asked[-1]
    assert posted.headers["content-type"] == "application/fhir+json"
    assert json.loads(posted.body)["resourceType"] == "Parameters"
