"""A criterion whose source makes an exception: a fail that it may cover is unknown, and a person is told."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cds_service.cards import CardOptions, cards_for
from cds_service.explanation import explain
from cds_service.library import Library, check_library
from cds_service.matching import Match
from cds_service.rule_tools import trial_schema
from cds_service.rule_tools.cases import mutants
from cds_service.rule_tools.docs import RulesReference, trials_page
from tests.cards.small_library import FACTS, VALUESETS, criterion, lab, library_of, put, trial
from tests.cards.small_library import condition as problem
from tests.facts.small_rules import write_rules
from tests.trials.test_source_gaps import LUPUS, of

TEXT = "A raised ALT of muscle does not speak against the trial: find out where it comes from"
HIGH_ALT = {">": [{"var": "lab.alt"}, {"quantity": [120, "U/L"]}]}
LOW_HB = {"<": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]}
ALT_150, ALT_100 = lab("1742-6", 150, "U/L"), lab("1742-6", 100, "U/L")
HB_70, HB_90 = lab("718-7", 70, "g/L"), lab("718-7", 90, "g/L")
EXCLUDED = criterion("exc-01", HIGH_ALT, kind="exclusion", exception={"when": LOW_HB, "text": TEXT})
INCLUDED = criterion("inc-02", {"!": [HIGH_ALT]}, kind="inclusion", exception={"when": LOW_HB, "text": TEXT})
ALWAYS = criterion("exc-02", HIGH_ALT, kind="exclusion", exception={"text": TEXT})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return library_of(
        tmp_path_factory.mktemp("exceptions"), trial("NCT00000001", EXCLUDED, INCLUDED), trial("NCT00000002", ALWAYS)
    )


def told(found: Match) -> dict[str, tuple[str, str | None]]:
    """Outcome and reason of each criterion with an exception."""
    criteria = [c for result in explain(found)["trials"] for c in result["criteria"] if "exception" in c]
    return {c["id"]: (c["outcome"], c.get("reason")) for c in criteria}


@pytest.mark.parametrize(
    ("record", "outcome", "reason"),
    [
        ((ALT_150, HB_90), "fail", None),
        ((ALT_150, HB_70), "unknown", "exception"),
        ((ALT_150,), "unknown", "exception"),
        ((ALT_100, HB_70), "pass", None),
        ((ALT_100, HB_90), "pass", None),
        ((ALT_100,), "pass", None),
        ((HB_70,), "unknown", None),
        ((HB_90,), "unknown", None),
        ((), "unknown", None),
    ],
    ids=[
        "fails, the exception does not hold", "fails, the exception holds", "fails, the exception is open",
        "passes, the exception holds", "passes, the exception does not hold", "passes, the exception is open",
        "open, the exception holds", "open, the exception does not hold", "both open",
    ],
)  # fmt: skip
def test_a_fail_that_may_be_excepted_is_unknown(
    library: Library, record: tuple[Any, ...], outcome: str, reason: str | None
) -> None:
    found = told(of(library, LUPUS, *record))
    assert found["exc-01"] == found["inc-02"] == (outcome, reason)


@pytest.mark.parametrize(
    ("record", "expected"),
    [((ALT_150,), ("unknown", "exception")), ((ALT_100,), ("pass", None)), ((), ("unknown", None))],
    ids=["fails", "passes", "open"],
)
def test_an_exception_that_no_record_can_show_covers_every_fail(
    library: Library, record: tuple[Any, ...], expected: tuple[str, str | None]
) -> None:
    assert told(of(library, LUPUS, *record))["exc-02"] == expected


def test_the_verdict_is_open_and_says_why(library: Library) -> None:
    [first, _] = explain(of(library, LUPUS, ALT_150, HB_70))["trials"]
    assert (first["verdict"], first["reasons"]) == ("possibly_eligible", ["exception"])
    [first, _] = explain(of(library, LUPUS, ALT_150, HB_90))["trials"]
    assert (first["verdict"], first.get("reasons")) == ("not_eligible", None)
    # What is not known of the exception is said too.
    [first, _] = explain(of(library, LUPUS, ALT_150))["trials"]
    assert first["reasons"] == ["exception", "no_result"]


@pytest.mark.parametrize(
    ("record", "there"),
    [((ALT_150, HB_70), True), ((ALT_150,), True), ((ALT_100,), False), ((HB_70,), False)],
    ids=["excepted", "perhaps excepted", "passes", "not known"],
)
def test_the_text_stands_under_to_check(library: Library, record: tuple[Any, ...], there: bool) -> None:
    cards = {c["source"]["topic"]["code"]: c for c in cards_for(of(library, LUPUS, *record), CardOptions(), "x")}
    detail = cards["NCT00000001"]["detail"]
    check = detail.partition("**To check**")[2].partition("**Evidence**")[0]
    assert (f"- {TEXT}" in check) is there
    assert "Check by hand" not in check


def test_authors_see_it(library: Library, tmp_path: Path) -> None:
    page = trials_page(RulesReference(library, write_rules(tmp_path, FACTS, VALUESETS)))
    assert f"> 120 U/L; with an exception if haemoglobin < 80 g/L | *where it fails:* {TEXT} |" in page
    assert f"> 120 U/L; always with an exception | *where it fails:* {TEXT} |" in page


def test_faults_are_put_into_the_exception_too(library: Library) -> None:
    compiled = library.trial("NCT00000001")
    assert compiled is not None
    [excluded] = [c.criterion for c in compiled.criteria if c.criterion.id == "exc-01"]
    made = mutants(excluded, library.compiled.vocabulary, library.catalogue)
    found = {(m.pointer, m.mutation) for m in made if m.pointer.startswith("/exception")}
    assert {("/exception", "exception dropped"), ("/exception", "always excepted")} <= found
    assert ("/exception/when/</1", "80 g/L → 79 g/L") in found


def test_a_trial_is_no_candidate_less_for_its_exceptions(tmp_path: Path) -> None:
    """An age that excludes does not keep a trial out of sight where the exception may cover it."""
    old = {">": [{"var": "patient.age"}, {"quantity": [65, "a"]}]}
    very_old = {"<": [{"var": "patient.age"}, {"quantity": [70, "a"]}]}
    plain, excepted, always = (
        criterion("exc-01", old, kind="exclusion"),
        criterion("exc-01", old, kind="exclusion", exception={"when": very_old, "text": TEXT}),
        criterion("exc-01", old, kind="exclusion", exception={"text": TEXT}),
    )
    library = library_of(
        tmp_path, *(trial(f"NCT0000000{n}", one) for n, one in enumerate((plain, excepted, always), start=1))
    )
    fits = [one.fits.ages for one in library.compiled.stored]
    assert fits[0] == (("a", (float("-inf"), 65)),)
    assert fits[1] == (("a", (float("-inf"), 69)),)
    assert fits[2] == ()


@pytest.mark.parametrize(
    ("fields", "place", "says"),
    [
        ({"exception": {"when": LOW_HB}}, "/criteria/1/exception/text", "is missing"),
        ({"exception": {"text": ""}}, "/criteria/1/exception/text", "at least 1 character"),
        ({"exception": {"text": TEXT, "where": LOW_HB}}, "/criteria/1/exception/where", "unknown key"),
        ({"exception": TEXT}, "/criteria/1/exception", "takes an object"),
        ({"logic": ..., "review": "Ask", "exception": {"text": TEXT}}, "/criteria/1", "with 'logic'"),
    ],
    ids=["no text", "empty text", "unknown key", "only a text", "without logic"],
)
def test_what_is_no_exception_is_an_error_at_its_place(
    library: Library, tmp_path: Path, fields: dict[str, Any], place: str, says: str
) -> None:
    one = {key: value for key, value in {**EXCLUDED, **fields}.items() if value is not ...}
    content = trial("NCT00000001", one)
    at = content["criteria"].index(one)
    rules = write_rules(tmp_path, FACTS, VALUESETS)
    put(rules / "trials" / content["id"] / "trial.json", content)
    [finding] = [f for f in check_library(rules)[1] if f.severity == "error"]
    assert finding.pointer == place.replace("/criteria/1", f"/criteria/{at}")
    assert says in f"{finding.message} {finding.hint}"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(json.dumps(content)), trial_schema(library))


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ({"<": [{"var": "lab.hemoglobin"}, 80]}, "missing-unit"),
        ({"var": "lab.haemoglobin"}, "unknown-fact"),
        (True, "never-false"),
        (False, "never-true"),
        (problem("x"), "not-one-key"),
    ],
    ids=["no unit", "unknown fact", "always", "never", "no rule"],
)
def test_what_an_exception_asks_for_is_checked_like_any_rule(tmp_path: Path, when: Any, code: str) -> None:
    one = {**EXCLUDED, "exception": {"when": when, "text": TEXT}}
    content = trial("NCT00000001", one)
    at = content["criteria"].index(one)
    rules = write_rules(tmp_path, FACTS, VALUESETS)
    put(rules / "trials" / content["id"] / "trial.json", content)
    [finding] = [f for f in check_library(rules)[1] if f.severity == "error"]
    assert (finding.code, finding.pointer.startswith(f"/criteria/{at}/exception/when")) == (code, True)
