"""`cds-service codes check`: the rules as shipped, and releases beside them."""

import gzip
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.settings import default_rules_dir
from cds_service.terminology.check import check_codes
from cds_service.terminology.sources import Concept, FilterCondition, Release

RULES = default_rules_dir()
SMALL = Path(__file__).parents[1] / "rules" / "broken" / "conceptmap-equivalence"
SNOMED = "http://snomed.info/sct"


class Names:
    """A release of a few codes."""

    def __init__(self, *concepts: Concept) -> None:
        self._concepts = {one.code: one for one in concepts}

    @property
    def releases(self) -> tuple[Release, ...]:
        return (Release(SNOMED, "invented"),)

    def expand(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        raise NotImplementedError

    def concept(self, system: str, code: str) -> Concept | None:
        return self._concepts.get(code) if system == SNOMED else None


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """One value set with one code, and no name in it; a root of a filter beside it."""
    shutil.copytree(SMALL, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "conceptmaps")
    concepts = {"system": SNOMED, "lasts": "chronic", "lasts_reason": "lifelong", "concept": [{"code": "55464009"}]}
    value_set = {"resourceType": "ValueSet", "id": "sle", "status": "active", "compose": {"include": [concepts]}}
    (tmp_path / "valuesets" / "sle.json").write_text(json.dumps(value_set), encoding="utf-8")
    return tmp_path


def found(rules: Path, *sources: Names) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.pointer) for f in check_codes(rules, None, sources).findings]


AT = "/compose/include/0/concept/0"
RELEASES = [
    # what the release says of 55464009 | what is found
    (Concept("55464009", "Systemic lupus erythematosus (disorder)"), []),
    (Concept("55464009", "Systemic lupus erythematosus (disorder)", False), [("code-retired", "warning", AT)]),
    (Concept("73211009", "Diabetes mellitus (disorder)"), [("code-not-in-source", "warning", AT)]),
    (Concept("55464009", "Lupus screening declined (situation)"), [("code-negated", "error", AT)]),
    (Concept("55464009", "Lupus band (body structure)"), [("code-of-another-kind", "error", AT)]),
    (Concept("55464009", "Leukaemia without maturation, FAB M1 (disorder)"), []),
    (Concept("55464009", "Immunodeficiency due to absent T cells (disorder)"), []),
    (Concept("55464009", "No family history of lupus (situation)"), [("code-negated", "error", AT)]),
]


@pytest.mark.parametrize(("concept", "expected"), RELEASES, ids=lambda one: getattr(one, "display", ""))
def test_names_come_from_the_release(rules: Path, concept: Concept, expected: list[tuple[str, str, str]]) -> None:
    assert found(rules) == []
    assert found(rules, Names(concept)) == expected


def test_a_root_that_the_release_has_not_holds_nothing(rules: Path) -> None:
    filtered = {"system": SNOMED, "filter": [{"property": "concept", "op": "is-a", "value": "73211009"}]}
    path = rules / "valuesets" / "sle.json"
    content = json.loads(path.read_text())
    content["compose"]["include"].append({**filtered, "lasts": "chronic", "lasts_reason": "lifelong"})
    path.write_text(json.dumps(content))
    place = "/compose/include/1/filter/0"
    lupus = Concept("55464009", "Systemic lupus erythematosus (disorder)")
    roots = ((), (Concept("73211009", "Diabetes mellitus (disorder)", False),))
    for more in roots:
        assert ("code-root-dead", "error", place) in found(rules, Names(lupus, *more))
    alive = found(rules, Names(lupus, Concept("73211009", "Diabetes mellitus (disorder)")))
    assert "code-root-dead" not in {code for code, _, _ in alive}


def is_a(code: str, *without: str) -> dict[str, object]:
    """A filter in SNOMED CT: what is below `code`, and not below any of `without`."""
    conditions = [("is-a", code), *(("is-not-a", other) for other in without)]
    filters = [{"property": "concept", "op": op, "value": value} for op, value in conditions]
    return {"system": SNOMED, "lasts": "chronic", "lasts_reason": "lifelong", "filter": filters}


TWICE = [
    # the includes of a set, and the places that repeat a code of before
    ("two filters with one root", [is_a("55464009"), is_a("55464009")], ["/compose/include/1/filter/0"]),
    ("a root that another filter leaves out", [is_a("55464009", "68815009"), is_a("68815009")], []),
    ("two filters that may overlap", [is_a("55464009"), is_a("68815009")], []),
]


@pytest.mark.parametrize(("include", "expected"), [row[1:] for row in TWICE], ids=[row[0] for row in TWICE])
def test_a_code_is_twice_where_somebody_wrote_it_twice(
    rules: Path, include: list[dict[str, object]], expected: list[str]
) -> None:
    path = rules / "valuesets" / "sle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"compose": {"include": include}}))
    assert [place for code, _, place in found(rules) if code == "code-duplicate"] == expected


OF_TWO_FILTERS = [
    # the codes of two filters in an expansion, and the places that repeat one
    ("both give a code", [["1", "2"], ["2"]], []),
    ("one lists a code twice", [["1", "1"], ["2"]], ["/expansion/contains/0/contains/1"]),
]


@pytest.mark.parametrize(
    ("groups", "expected"), [row[1:] for row in OF_TWO_FILTERS], ids=[r[0] for r in OF_TWO_FILTERS]
)
def test_two_filters_of_an_expansion_may_give_the_same_code(
    rules: Path, groups: list[list[str]], expected: list[str]
) -> None:
    contains = [{"contains": [{"system": SNOMED, "code": code} for code in codes]} for codes in groups]
    expansion = {"resourceType": "ValueSet", "id": "sle", "expansion": {"contains": contains}}
    (rules / "expansions").mkdir()
    (rules / "expansions" / "sle.json.gz").write_bytes(gzip.compress(json.dumps(expansion).encode()))
    assert [place for code, _, place in found(rules) if code == "code-duplicate"] == expected


def test_the_shipped_rules_have_no_errors_and_every_map_is_looked_at() -> None:
    """What is left are codes of which it is contested whether they are over."""
    report = check_codes(RULES)
    assert {(f.code, f.severity) for f in report.findings} <= {("code-excluding-sets", "warning")}
    assert report.codes > 30_000


def test_the_command_says_where_and_ends_with_1(tmp_path: Path) -> None:
    site = tmp_path / "conceptmaps"
    site.mkdir()
    target = {"code": "55464008", "equivalence": "equal"}
    group = {"source": "urn:x", "target": SNOMED, "element": [{"code": "SLE", "target": [target]}]}
    (site / "x.json").write_text(json.dumps({"resourceType": "ConceptMap", "group": [group]}))
    arguments = ["codes", "check", "--rules", str(SMALL), "--site", str(tmp_path)]
    result = CliRunner().invoke(app, [*arguments, "--format", "json"])
    places = [(one["file"], one["pointer"], one["code"]) for one in json.loads(result.stdout)]
    assert result.exit_code == 1
    assert ("site:conceptmaps/x.json", "/group/0/element/0/target/0", "conceptmap-bad-code") in places
    text = CliRunner().invoke(app, arguments)
    assert "site:conceptmaps/x.json#/group/0/element/0/target/0: error: conceptmap-bad-code" in text.stderr


def test_a_source_that_there_is_not_is_refused() -> None:
    result = CliRunner().invoke(app, ["codes", "check", "--rules", str(SMALL), "--source", "nonsense:x"])
    assert (result.exit_code, "a source is KIND:PLACE" in result.stderr) == (2, True)
