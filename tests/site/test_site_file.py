"""`site.json`: what it may say, what is wrong with what it says, and what comes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cds_service.cards import STANDARD_PROFILE, CardOptions, cards_for, load_profile
from cds_service.facts.catalogue import Code
from cds_service.library import Library, load_library
from cds_service.rule_files import Layers
from cds_service.site import COUNTRIES, LocalSite, load_site
from tests.cards.stories import Story
from tests.site.folders import RULES, write

LAB = {"system": "urn:example:orders", "code": "HB"}


def read(library: Library, folder: Path, content: Any) -> tuple[LocalSite, list[tuple[str, str, str, str]]]:
    """The site of a folder with this `site.json`, and its findings: place, code, severity, words."""
    write(folder, site=content)
    site, findings = load_site(Layers(RULES, folder), library.catalogue, ["site:site.json"])
    assert {f.file for f in findings} <= {"site:site.json"}
    return site, [(f.pointer, f.code, f.severity, f"{f.message} {f.hint}") for f in findings]


def test_all_that_it_may_say(library: Library, tmp_path: Path) -> None:
    content = {
        "$schema": "site.schema.json",
        "country": "CN",
        "foreign_trials": "hide",
        "time_zone": "Asia/Shanghai",
        "languages": ["zh-Hans", "en"],
        "order_codes": {"lab.hemoglobin": LAB},
    }
    site, findings = read(library, tmp_path, content)
    assert findings == []
    assert (site.settings.country, site.settings.time_zone) == ("CN", "Asia/Shanghai")
    assert site.settings.foreign_trials == "hide"
    assert site.settings.languages == ("zh-Hans", "en")
    assert site.order_codes == {"http://loinc.org|718-7": Code(**LAB)}


def test_nothing_need_be_said(library: Library, tmp_path: Path) -> None:
    assert read(library, tmp_path, {}) == (LocalSite(), [])


FAULTS = [
    ({"country": "UK"}, "/country", "bad-value", "did you mean 'GB'?"),
    ({"country": "de"}, "/country", "bad-value", "did you mean 'DE'?"),
    ({"country": "DEU"}, "/country", "bad-value", "ISO 3166-1"),
    ({"country": 276}, "/country", "bad-value", "takes a text"),
    ({"foreign_trials": "last"}, "/foreign_trials", "bad-value", "'behind' or 'hide'"),
    ({"foreign_trials": True}, "/foreign_trials", "bad-value", "'behind' or 'hide'"),
    ({"foreign_trails": "hide"}, "/foreign_trails", "unknown-key", "did you mean 'foreign_trials'?"),
    ({"time_zone": "Europe/Berln"}, "/time_zone", "bad-value", "did you mean 'Europe/Berlin'?"),
    ({"time_zone": "CEST"}, "/time_zone", "bad-value", "IANA"),
    ({"time_zone": "+01:00"}, "/time_zone", "bad-value", "IANA"),
    ({"time_zone": "../Berlin"}, "/time_zone", "bad-value", "IANA"),
    ({"time_zone": "Europe"}, "/time_zone", "bad-value", "IANA"),
    ({"time_zone": ""}, "/time_zone", "bad-value", "IANA"),
    ({"languages": ["german"]}, "/languages", "bad-value", "'german' is no language tag"),
    ({"languages": ["de_DE"]}, "/languages", "bad-value", "BCP 47"),
    ({"languages": ["en", "EN"]}, "/languages", "bad-value", "twice"),
    ({"languages": "de"}, "/languages", "bad-value", "takes a list"),
    ({"timezone": "UTC"}, "/timezone", "unknown-key", "did you mean 'time_zone'?"),
    ({"contry": "DE"}, "/contry", "unknown-key", "did you mean 'country'?"),
    ({"order_codes": {"lab.hemoglobn": LAB}}, "/order_codes/lab.hemoglobn", "site-order-unused", "'lab.hemoglobin'?"),
    ({"order_codes": {"condition.sle": LAB}}, "/order_codes/condition.sle", "site-order-unused", "no card suggests"),
    ({"order_codes": {"lab.hemoglobin": {"code": "HB"}}}, "/order_codes/lab.hemoglobin/system", "missing-key", ""),
    ({"order_codes": {"lab.hemoglobin": {**LAB, "code": " HB"}}}, "/order_codes/lab.hemoglobin", "bad-value", "blanks"),
    ({"order_codes": {"lab.hemoglobin": {**LAB, "system": "a b"}}}, "/order_codes/lab.hemoglobin", "bad-value", ""),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_named_and_the_rest_counts(
    library: Library, tmp_path: Path, fault: tuple[dict[str, Any], str, str, str]
) -> None:
    content, place, code, says = fault
    sound = {"country": "FR", "time_zone": "Europe/Paris", "languages": ["fr"]}
    orders = {"lab.alt": {"system": "urn:example:orders", "code": "ALT"}, **content.get("order_codes", {})}
    site, findings = read(library, tmp_path, {**sound, **content, "order_codes": orders})
    assert [(at, found) for at, found, _, _ in findings] == [(place, code)]
    assert says in findings[0][3]
    for key, value in sound.items():
        if key not in content:
            assert getattr(site.settings, key) == (tuple(value) if key == "languages" else value)
    assert list(site.order_codes.values()) == [Code(system="urn:example:orders", code="ALT")]


@pytest.mark.parametrize("how", ["behind", "hide"])
def test_trials_abroad_need_a_country(library: Library, tmp_path: Path, how: str) -> None:
    _, findings = read(library, tmp_path, {"foreign_trials": how})
    assert [finding[:3] for finding in findings] == [("/foreign_trials", "site-no-country", "warning")]
    assert read(library, tmp_path, {"foreign_trials": how, "country": "DE"})[1] == []


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({}, ["NCT06676631", "NCT07083349"]),
        ({"country": "CN", "foreign_trials": "hide"}, ["NCT06676631", "NCT07083349"]),
        ({"country": "DE"}, ["NCT06676631", "NCT07083349"]),
        # Both run in China alone.
        ({"country": "DE", "foreign_trials": "hide"}, []),
    ],
)
def test_a_site_hides_what_runs_only_abroad(tmp_path: Path, content: dict[str, str], shown: list[str]) -> None:
    at_site = load_library(RULES, site_dir=write(tmp_path, site=content))
    cards = cards_for(Story("sle").matched(at_site), CardOptions().at_site(at_site.site), "seed")
    assert [card["source"]["topic"]["code"] for card in cards] == shown


def test_one_test_is_ordered_by_one_code(library: Library, tmp_path: Path) -> None:
    """Creatinine is what an eGFR is ordered by."""
    other = {**LAB, "code": "GFR"}
    site, findings = read(library, tmp_path, {"order_codes": {"lab.creatinine": LAB, "kidney.egfr": other}})
    assert site.order_codes == {"http://loinc.org|2160-0": Code(**LAB)}
    assert [(at, code) for at, code, _, _ in findings] == [("/order_codes/kidney.egfr", "site-order-unused")]
    assert "lab.creatinine is ordered as the same test" in findings[0][3]


def test_the_countries_are_those_of_iso_3166() -> None:
    path = Path("/usr/share/zoneinfo/iso3166.tab")
    if not path.is_file():
        pytest.skip("this machine has no iso3166.tab")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert {line.split("\t")[0] for line in lines if line and not line.startswith("#")} == COUNTRIES.keys()


def test_the_schema_agrees_with_the_reader(library: Library, tmp_path: Path) -> None:
    schema = Draft202012Validator(json.loads((RULES / "schema" / "site.schema.json").read_text(encoding="utf-8")))
    assert schema.is_valid({"country": "DE", "time_zone": "UTC", "languages": ["de"], "order_codes": {"lab.alt": LAB}})
    for wrong in (
        {"country": "UK"},
        {"foreign_trials": "last"},
        {"contry": "DE"},
        {"order_codes": {"lab.alt": {"code": "x"}}},
    ):
        assert not schema.is_valid(wrong)
        assert read(library, tmp_path, wrong)[1]


def orders(library: Library, options: CardOptions) -> list[list[tuple[str, str]]]:
    """System and code of the codings of each order that the cards for a sample suggest."""
    cards = cards_for(Story("sle").matched(library), options, "seed")
    suggested = [one for card in cards for one in card.get("suggestions", ()) if one["label"].startswith("Order")]
    resources = [action["resource"] for one in suggested for action in one["actions"]]
    return [[(c["system"], c["code"]) for c in resource["code"]["coding"]] for resource in resources]


def test_an_order_code_of_the_site_stands_before_the_standard_code(library: Library, tmp_path: Path) -> None:
    titre = {"system": "urn:example:orders", "code": "ANA"}
    at_site = load_library(RULES, site_dir=write(tmp_path, site={"order_codes": {"lab.ana_titer": titre}}))
    options = CardOptions()
    standard = ("http://loinc.org", "5048-4")
    assert [standard] in orders(library, options)
    assert [("urn:example:orders", "ANA"), standard] in orders(at_site, options.at_site(at_site.site))


def test_an_order_code_lets_a_client_order_that_takes_its_own_codes_only(tmp_path: Path) -> None:
    titre = {"system": "urn:example:orders", "code": "ANA"}
    at_site = load_library(RULES, site_dir=write(tmp_path, site={"order_codes": {"lab.ana_titer": titre}}))
    epic = CardOptions(profile=load_profile("epic"))
    assert orders(at_site, epic) == []
    own = [("urn:example:orders", "ANA"), ("http://loinc.org", "5048-4")]
    found = orders(at_site, epic.at_site(at_site.site))
    assert found
    assert all(codings == own for codings in found)


def test_a_client_profile_goes_before_the_sites_file() -> None:
    """CDS_CLIENT_PROFILE is an environment variable, and wins."""
    standard = "http://loinc.org|5048-4"
    ours, theirs = Code(system="urn:a", code="1"), Code(system="urn:b", code="2")
    profile = STANDARD_PROFILE.model_copy(update={"order_codes": {standard: ours}})
    assert profile.completed({standard: theirs, "http://loinc.org|718-7": theirs}).order_codes == {
        standard: ours,
        "http://loinc.org|718-7": theirs,
    }
    assert STANDARD_PROFILE.completed({}) is STANDARD_PROFILE
