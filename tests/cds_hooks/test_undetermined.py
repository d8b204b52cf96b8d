"""An answer without cards means that it is known that no trial fits; where it is not, the answer says so."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service.app import create_app
from cds_service.cli import app as command_line
from cds_service.explanation import EXTENSION
from cds_service.library import Library
from cds_service.settings import Settings
from cds_service.store import Database, database_address, decisions, digest_of
from tests.cds_hooks.conftest import AS_OF, bundle, lupus, patient

URL = "/cds-services/clinical-trial-match"
REQUESTS = Path(__file__).parents[2] / "fhir_samples" / "requests"
GONE: Any = object()
SPOILT = (GONE, None, "", "xyzzy", 12345, True, [], {}, ["x"])
# Each sample that gets cards. The first ones, of one coding and of two, of an open trial and of a closed one, are
# spoilt in every way.
WITH_CARDS = {
    **dict.fromkeys(("sle", "sle-likely", "sma-possibly"), SPOILT),
    **dict.fromkeys(("als-likely", "als-possibly", "aml-likely", "aml-possibly", "lupus-both"), ("xyzzy", 12345)),
    **dict.fromkeys(("lupus-nephritis", "sle-nephritis", "sma-likely"), ("xyzzy", 12345)),
}
SNOMED = "http://snomed.info/sct"
Json = dict[str, Any]
Path_ = tuple[str | int, ...]


@pytest.fixture(scope="module")
def then(library: Library) -> Iterator[TestClient]:
    """The service on the day for which the samples hold."""
    with TestClient(create_app(Settings(log_level="error"), library, lambda: date(2026, 11, 24))) as client:
        yield client


def elements(node: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Every element, and every item of a list, by its path."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, inner in items:
        yield (*at, name)
        yield from elements(inner, (*at, name))


def spoilt(whole: Json, path: Path_, value: Any) -> Json:
    whole = copy.deepcopy(whole)
    at: Any = whole
    for step in path[:-1]:
        at = at[step]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return whole


def only_condition(story: str) -> tuple[Json, Json]:
    """A sample's request with the first of its Conditions alone, and that one's entry."""
    request: Json = json.loads((REQUESTS / f"patient-view-{story}.json").read_text())
    conditions = request["prefetch"]["conditions"]
    conditions["entry"], conditions["total"] = conditions["entry"][:1], 1
    return request, conditions["entry"][0]


def said(response: Any) -> str:
    """What an answer comes to: its status; or the trial fits, is to be mended, was not judged; or `nothing`."""
    if response.status_code != 200:
        return str(response.status_code)
    answer = response.json()
    if any("suggestions" in card for card in answer["cards"]):
        return "fits"
    if answer["cards"]:
        return "mend" if all("**To mend**" in card["detail"] for card in answer["cards"]) else "shown"
    return "not judged" if EXTENSION in answer.get("extension", {}) else "nothing"


@pytest.mark.parametrize("story", WITH_CARDS)
def test_no_spoilt_element_of_the_only_condition_makes_an_answer_that_says_nothing(
    then: TestClient, story: str
) -> None:
    request, entry = only_condition(story)
    before = said(then.post(URL, json=request))
    assert before in {"fits", "shown"}
    met = set()
    for path in elements(entry):
        for value in WITH_CARDS[story]:
            sent = spoilt(request, ("prefetch", "conditions", "entry", 0, *path), value)
            came = said(then.post(URL, json=sent))
            assert came in {before, "mend", "not judged", "412"}, (path, value)
            met.add(came)
    assert met >= {before, "mend", "412"}


def coding(system: str, code: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


HIGH_PRESSURE = {"system": SNOMED, "code": "38341003", "display": "Hypertensive disorder"}
SLE = {"coding": [{"system": SNOMED, "code": "55464009", "display": "Systemic lupus erythematosus"}]}

# The only Condition is lupus, but for these elements; what comes of it.
ONLY: list[tuple[str, Json, str]] = [
    ("as it should be", {}, "fits"),
    # The same meaning.
    ("no status at all", {"clinicalStatus": GONE, "verificationStatus": GONE}, "fits"),
    ("a status of null", {"clinicalStatus": None}, "fits"),
    ("an empty status", {"clinicalStatus": {}}, "fits"),
    ("a status in capitals", {"verificationStatus": coding("condition-ver-status", "Confirmed")}, "fits"),
    ("a status as text", {"verificationStatus": {"text": "Confirmed"}}, "fits"),
    (
        "a site's own code beside FHIR's",
        {
            "clinicalStatus": {
                "coding": [*coding("condition-clinical", "active")["coding"], {"system": "x", "code": "A"}]
            }
        },
        "fits",
    ),
    ("another display", {"code": {"coding": [{**SLE["coding"][0], "display": "xyzzy"}]}}, "fits"),
    ("an onset that is no date", {"onsetDateTime": "spring"}, "fits"),
    ("no id", {"id": GONE}, "fits"),
    # Malformed, and its code can be read.
    ("an onset that is a number", {"onsetDateTime": 2016}, "mend"),
    ("a clinicalStatus that is text", {"clinicalStatus": "active"}, "mend"),
    ("an id that is a number", {"id": 7}, "mend"),
    ("a subject that is text", {"subject": "Patient/1288992"}, "mend"),
    ("a subject that refers to nothing", {"subject": {"reference": "1288992"}}, "mend"),
    ("a subject of a misspelt type", {"subject": {"reference": "Ptient/1288992"}}, "mend"),
    ("a modifier", {"modifierExtension": [{"url": "urn:x"}]}, "mend"),
    ("a code that is a number", {"code": {"coding": [{"system": SNOMED, "code": 55464009}]}}, "mend"),
    ("a coding that is no list", {"code": {"coding": SLE["coding"][0]}}, "fits"),
    ("readable words beside a spoilt coding", {"code": {"coding": 7, "text": "SLE"}}, "mend"),
    # A status that is none.
    ("a misspelt verificationStatus", {"verificationStatus": coding("condition-ver-status", "confiroed")}, "mend"),
    ("a misspelt clinicalStatus", {"clinicalStatus": coding("condition-clinical", "actve")}, "mend"),
    ("a status without its code", {"clinicalStatus": {"coding": [{"system": "x"}]}}, "mend"),
    ("a status in unknown words", {"verificationStatus": {"text": "sort of"}}, "mend"),
    (
        "two statuses, one of which FHIR has not",
        {"verificationStatus": {"coding": [{"code": "confirmed"}, {"code": "confiroed"}]}},
        "mend",
    ),
    # It can't be read at all.
    ("a code that is a list", {"code": ["lupus"]}, "412"),
    ("a code that is true", {"code": True}, "412"),
    ("a coding without anything", {"code": {"coding": 7}}, "412"),
    ("malformed, and another disease", {"code": {"coding": [HIGH_PRESSURE]}, "id": 7}, "412"),
    # Well-formed, and nothing of it is understood.
    ("no code", {"code": GONE}, "not judged"),
    ("an unknown system", {"code": {"coding": [{"system": "urn:site", "code": "L1"}]}}, "not judged"),
    (
        "an unknown system, with words",
        {"code": {"coding": [{"system": "urn:site", "code": "L1"}], "text": "x"}},
        "not judged",
    ),
    ("no system", {"code": {"coding": [{"code": "55464009"}]}}, "not judged"),
    ("words alone", {"code": {"text": "SLE"}}, "not judged"),
    ("words that say nothing", {"code": {"text": "see letter"}}, "not judged"),
    ("no code of its system", {"code": {"coding": [{"system": SNOMED, "code": "xyzzy"}]}}, "not judged"),
    # Understood: it is known that no trial fits.
    ("suspected", {"verificationStatus": coding("condition-ver-status", "provisional")}, "nothing"),
    ("refuted", {"verificationStatus": coding("condition-ver-status", "refuted")}, "nothing"),
    (
        "refuted, malformed besides",
        {"verificationStatus": coding("condition-ver-status", "refuted"), "id": 7},
        "nothing",
    ),
    ("another disease", {"code": {"coding": [HIGH_PRESSURE]}}, "nothing"),
    ("of a group", {"subject": {"reference": "Group/g"}}, "nothing"),
]


@pytest.mark.parametrize(("elements", "expected"), [row[1:] for row in ONLY], ids=[row[0] for row in ONLY])
def test_the_only_condition(then: TestClient, elements: Json, expected: str) -> None:
    request, entry = only_condition("sle-likely")
    resource = {**entry["resource"], "code": SLE}
    resource["subject"] = {"reference": f"Patient/{request['context']['patientId']}"}
    resource = {name: value for name, value in {**resource, **elements}.items() if value is not GONE}
    request["prefetch"]["conditions"] = bundle(resource)
    assert said(then.post(URL, json=request)) == expected


BROKEN = {"resourceType": "Condition", "id": "broken", "code": 7}
HYPERTENSION = lupus(id="ht", code={"coding": [HIGH_PRESSURE]})
UNREAD = lupus(id="unread", code={"coding": [{"system": "urn:site", "code": "1"}]})

# Several Conditions: the trials that could not be judged and because of how many entries, if any; the trials of cards.
SEVERAL: list[tuple[str, list[Json], tuple[int, int] | None, int]] = [
    ("all are understood", [HYPERTENSION, lupus()], None, 2),
    ("what is unread adds nothing to what was read", [HYPERTENSION, UNREAD], None, 0),
    ("nor do words", [HYPERTENSION, lupus(id="w", code={"text": "SLE"})], None, 0),
    (
        "nor does a malformed one of another disease",
        [HYPERTENSION, {**HYPERTENSION, "id": "x", "onsetAge": 7}],
        None,
        0,
    ),
    ("one may be anything", [HYPERTENSION, BROKEN], (4, 1), 0),
    ("two may be anything", [HYPERTENSION, BROKEN, {**BROKEN, "id": "b2"}], (4, 2), 0),
    ("one may be anything, beside lupus", [lupus(), BROKEN], (2, 1), 2),
    ("one names lupus, another may be anything", [HYPERTENSION, lupus(onsetDateTime=1), BROKEN], (2, 2), 2),
    ("one is of a type that FHIR has and no rule reads", [HYPERTENSION, {**lupus(), "resourceType": "Flag"}], None, 0),
    ("or that came with R5", [HYPERTENSION, {**lupus(), "resourceType": "GenomicStudy"}], None, 0),
    ("all are unread", [UNREAD, {**UNREAD, "id": "u2"}], (4, 2), 0),
    ("one is unread, another may be anything", [UNREAD, BROKEN], (4, 2), 0),
    ("all are malformed, and one names lupus", [lupus(onsetDateTime=1), {**HYPERTENSION, "onsetAge": 7}], None, 2),
]


@pytest.mark.parametrize(
    ("conditions", "undetermined", "cards"), [row[1:] for row in SEVERAL], ids=[row[0] for row in SEVERAL]
)
def test_several_conditions(
    client: TestClient, hook_request: Callable[..., Json], conditions: list[Json], undetermined: Any, cards: int
) -> None:
    response = client.post(URL, json=hook_request(patient=patient(), conditions=bundle(*conditions)))
    assert response.status_code == 200
    answer = response.json()
    assert len(answer["cards"]) == cards
    shown = {card["source"]["topic"]["code"] for card in answer["cards"]}
    if undetermined is None:
        assert answer.keys() == {"cards"}
    else:
        told = answer["extension"][EXTENSION]
        assert (told["count"], told["entries"]) == undetermined
        assert len(told["trials"]) == told["count"]
        assert shown.isdisjoint(told["trials"])


@pytest.mark.parametrize(
    "name",
    [GONE, None, 7, "", "Conditon", "Diagnosis", "Condition ", "xyzzy"],
    ids=lambda name: "left out" if name is GONE else repr(name),
)
def test_what_is_of_no_type_that_fhir_has_may_be_a_condition(
    client: TestClient, hook_request: Callable[..., Json], name: Any
) -> None:
    nameless = {key: value for key, value in {**lupus(), "resourceType": name}.items() if value is not GONE}
    response = client.post(URL, json=hook_request(patient=patient(), conditions=bundle(HYPERTENSION, nameless)))
    assert response.status_code == 412
    [issue] = response.json()["issue"]
    assert issue["diagnostics"].startswith("prefetch.conditions: the answer depends on conditions that were not")


def test_no_condition_that_can_be_read_is_as_good_as_none_that_was_sent(
    client: TestClient, hook_request: Callable[..., Json]
) -> None:
    for sent, why in (
        ([BROKEN], "the only one that was sent cannot be read"),
        ([BROKEN] * 2, "none of the 2 that were"),
    ):
        conditions = [{**one, "id": f"b{n}"} for n, one in enumerate(sent)]
        response = client.post(URL, json=hook_request(patient=patient(), conditions=bundle(*conditions)))
        assert response.status_code == 412
        [issue] = response.json()["issue"]
        assert issue["diagnostics"].startswith(f"prefetch.conditions: the conditions cannot be had: {why}")


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({}, 4),
        ({"gender": "male"}, 4),
        ({"birthDate": "2026-01-01"}, 1),
        ({"birthDate": "1900-01-01"}, 1),
        ({"deceasedBoolean": True}, 0),
    ],
    ids=["a woman of 36", "a man of 36", "a baby: SMA is left", "very old: AML is left", "deceased"],
)
def test_who_cannot_take_part_in_a_trial_is_not_told_of_it(
    client: TestClient, hook_request: Callable[..., Json], who: Json, expected: int
) -> None:
    request = hook_request(patient=patient(**who), conditions=bundle(HYPERTENSION, BROKEN))
    answer = client.post(URL, json=request).json()
    assert answer.get("extension", {}).get(EXTENSION, {"count": 0})["count"] == expected


def test_the_card_names_the_entry_and_shows_its_words_as_text(
    client: TestClient, hook_request: Callable[..., Json]
) -> None:
    words = "<b>Lupus</b> [x](https://evil.example)"
    code = {"coding": [{"system": SNOMED, "code": "55464009", "display": words}]}
    broken = lupus(code=code, onsetDateTime=2016)
    cards = client.post(URL, json=hook_request(patient=patient(), conditions=bundle(broken))).json()["cards"]
    assert {card["source"]["topic"]["code"] for card in cards} == {"NCT07083349", "NCT06676631"}
    for card in cards:
        assert "suggestions" not in card
        assert card["indicator"] == "info"
        assert card["summary"].startswith("Not judged: ")
        assert card["summary"].endswith("– mend an unreadable entry")
        assert (
            r'Condition/sle ("‹b>Lupus‹/b> \[x](https: // evil. example)"): onsetDateTime could not be read'
            in (card["detail"])
        )


def test_a_trial_that_was_set_aside_is_not_told_of_again(
    library: Library, hook_request: Callable[..., Json], tmp_path: Path
) -> None:
    settings = Settings(log_level="error", state_dir=tmp_path)
    reason = {"code": "patient-refuses", "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"}
    with TestClient(create_app(settings, library, lambda: AS_OF)) as client:
        [card, _] = client.post(URL, json=hook_request()).json()["cards"]
        while "cds_decisions_queued 0.0" not in client.get("/metrics").text:
            pass
        item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-05-15T10:00:00Z"}
        feedback = {"feedback": [{**item, "overrideReason": {"reason": reason}}]}
        assert client.post(f"{URL}/feedback", json=feedback).status_code == 200
        request = hook_request(patient=patient(), conditions=bundle(HYPERTENSION, BROKEN))
        told = client.post(URL, json=request).json()["extension"][EXTENSION]
    assert card["source"]["topic"]["code"] not in told["trials"]
    assert told["count"] == 3


def test_it_is_counted_and_logged_without_a_word_of_the_record(
    library: Library, hook_request: Callable[..., Json], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {**BROKEN, "id": "SECRETID", "code": {"coding": 7, "text": "SECRETWORDS"}}
    app: FastAPI = create_app(Settings(log_level="info", state_dir=tmp_path), library, lambda: AS_OF)
    with TestClient(app) as client:
        client.post(URL, json=hook_request())
        answer = client.post(URL, json=hook_request(patient=patient(), conditions=bundle(HYPERTENSION, broken)))
        metrics = client.get("/metrics").text
    assert "cds_undetermined_answers_total 1.0" in metrics
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "request_answered" in line]
    assert [(line.get("undetermined"), line.get("unread")) for line in lines] == [(None, None), (4, 1)]
    assert "SECRET" not in answer.text + metrics + json.dumps(lines)


def test_the_openapi_document_describes_the_extension(client: TestClient, made: SimpleNamespace) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    schema = paths[URL]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert EXTENSION in schema["properties"]["extension"]["properties"]


@pytest.mark.parametrize("conditions", [[HYPERTENSION, BROKEN], [lupus(onsetDateTime=2016)]])
def test_an_answer_is_replayed_with_what_was_told_then(
    library: Library,
    hook_request: Callable[..., Json],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    conditions: list[Json],
) -> None:
    """Decisions of the time before anything was told of it are computed again without."""
    request = hook_request(patient=patient(), conditions=bundle(*conditions))
    with TestClient(create_app(Settings(log_level="error", state_dir=tmp_path), library, lambda: AS_OF)) as client:
        sent = client.post(URL, json=request).content
    monkeypatch.setenv("CDS_STATE_DIR", str(tmp_path))
    (tmp_path / "request.json").write_text(json.dumps(request))

    def replayed() -> tuple[int, bytes]:
        again = tmp_path / "again.json"
        named = ("--decision", request["hookInstance"], "--request", str(tmp_path / "request.json"))
        result = CliRunner().invoke(command_line, ["replay", *named, "--save", str(again)])
        return result.exit_code, again.read_bytes()

    assert sent != b'{"cards":[]}'
    assert replayed() == (0, sent)
    database = Database(database_address(None, tmp_path))
    with database.transaction(writes=True) as connection:
        [options] = connection.scalars(select(decisions.c.options))
        del options["cards"]["unread"]
        connection.execute(update(decisions).values(options=options, response_digest=digest_of(b'{"cards":[]}')))
    database.close()
    assert replayed() == (0, b'{"cards":[]}')
