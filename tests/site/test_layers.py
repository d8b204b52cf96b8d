"""A site's aliases, concept maps and phrases are laid over the rules; what is broken takes nothing else along."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cards import CardOptions, cards_for
from cds_service.explanation import explain
from cds_service.facts.catalogue import ICD10, ICD10CM, load_codesystems
from cds_service.facts.words import PhraseError, PhraseFile, write_phrase
from cds_service.fhir import read_bundle
from cds_service.library import Library, load_library
from cds_service.matching import match
from tests.site.folders import AS_OF, LAB, RULES, concept_map, condition, haemoglobin, told, write

SAMPLES = RULES.parent / "fhir_samples" / "patients"
SAME = {"code": "718-7", "equivalence": "equivalent"}


def with_site(site: Path) -> Library:
    return load_library(RULES, site_dir=site)


def test_an_alias_of_the_sites_own_is_read(tmp_path: Path) -> None:
    site = write(tmp_path, systems={"systems": {"http://loinc.org": [LAB]}})
    assert told(with_site(site), "lab.hemoglobin", haemoglobin(LAB, "718-7")) == ("known", 112)


TARGETS = [
    ({"code": "718-7", "equivalence": "equal"}, True),
    ({"code": "718-7", "equivalence": "equivalent"}, True),
    ({"code": "718-7", "equivalence": "wider"}, True),
    ({"code": "718-7", "equivalence": "subsumes"}, True),
    ({"code": "718-7", "equivalence": "narrower"}, False),
    ({"code": "718-7", "equivalence": "relatedto"}, False),
    ({"code": "718-7", "equivalence": "unmatched"}, False),
    ({"code": "718-7", "relationship": "equivalent"}, True),
    ({"code": "718-7", "relationship": "source-is-narrower-than-target"}, True),
    ({"code": "718-7", "relationship": "source-is-broader-than-target"}, False),
    ({"code": "718-7", "relationship": "related-to"}, False),
    ({"code": "718-7", "relationship": "not-related-to"}, False),
    ({"code": "718-7", "equivalence": "equivalent", "relationship": "related-to"}, False),
    ({"code": "718-7"}, False),
    ({"equivalence": "unmatched"}, False),
    ({"code": "718-7", "equivalence": "equal", "dependsOn": [{"property": "x", "value": "arterial"}]}, False),
]


@pytest.mark.parametrize(("target", "counts"), TARGETS, ids=str)
@pytest.mark.parametrize("in_site", [True, False], ids=["of the site", "of the rules"])
def test_a_mapped_code_counts_where_it_implies_the_standard_code(
    tmp_path: Path, target: dict[str, Any], counts: bool, in_site: bool
) -> None:
    rules = tmp_path / "rules"
    (rules / "facts").mkdir(parents=True)
    folder = write(tmp_path / "site" if in_site else rules, conceptmaps__lab=concept_map("HB", target))
    systems, findings = load_codesystems(rules, folder if in_site else None)
    hb = ("http://loinc.org", "718-7")
    assert (hb in systems.keys([SimpleNamespace(system=LAB, code="HB")])) is counts
    name = f"{'site:' if in_site else ''}conceptmaps/lab.json"
    at = (name, "/group/0/element/0/target/0", "conceptmap-equivalence", "warning")
    assert [(f.file, f.pointer, f.code, f.severity) for f in findings] == ([] if counts else [at])


def test_a_name_that_the_rules_give_to_one_system_a_site_may_give_to_another(tmp_path: Path) -> None:
    """In the United States `I10` often means ICD-10-CM."""
    site = write(tmp_path, systems={"systems": {ICD10CM: ["I10"]}})
    systems, findings = load_codesystems(RULES, site)
    assert (systems.canonical("I10"), systems.canonical("ICD-10"), findings) == (ICD10CM, ICD10, ())


def test_a_site_may_call_a_system_by_another_of_its_names(tmp_path: Path) -> None:
    systems, findings = load_codesystems(RULES, write(tmp_path, systems={"systems": {"LN": ["LABOR"]}}))
    assert (systems.canonical("LABOR"), findings) == ("http://loinc.org", ())


def test_the_name_of_a_system_is_never_the_alias_of_another(tmp_path: Path) -> None:
    """Codes of one system would be read as those of another, for certain."""
    site = write(tmp_path, systems={"systems": {"http://snomed.info/sct": ["http://loinc.org", "MINE"]}})
    systems, findings = load_codesystems(RULES, site)
    assert systems.canonical("http://loinc.org") == "http://loinc.org"
    assert systems.canonical("MINE") == "http://snomed.info/sct"
    assert [(f.file, f.pointer, f.code, f.severity) for f in findings] == [
        ("site:systems.json", "/systems/http:~1~1snomed.info~1sct/0", "system-alias-taken", "error")
    ]


def test_a_system_that_only_the_site_names_is_not_one_that_is_read(library: Library, tmp_path: Path) -> None:
    """Its codes say nothing, so words beside them go on counting."""
    at_site = with_site(write(tmp_path, systems={"systems": {"urn:example:dx": ["DX"]}}))
    assert not at_site.facts.systems.is_known(at_site.facts.systems.key("DX", "17"))
    entry = condition("lupus erythematosus, systemic", "DX", "17")
    assert told(at_site, "condition.sle", entry) == told(library, "condition.sle", entry)


def test_a_phrase_of_the_site_is_a_hint_for_its_set(library: Library, tmp_path: Path) -> None:
    entry = condition("Schmetterling 3b")
    facts = ("condition.sle", "condition.lupus_nephritis", "condition.autoimmune_disease", "condition.breastfeeding")
    assert [told(library, fact, entry)[0] for fact in facts] == ["unknown"] * 4, "it may be anything"
    at_site = with_site(write(tmp_path, phrases__site={"phrases": {"sle": {"de": ["Schmetterling 3b"]}}}))
    # It is lupus, so it may be a kind of it, and is one of what lupus is a kind of.
    assert [told(at_site, fact, entry)[0] for fact in facts] == [*["unknown"] * 3, "presumed"]


def test_what_names_nothing_at_a_site_is_something_else_there(library: Library, tmp_path: Path) -> None:
    entry = condition("Schmetterling 3b")
    at_site = with_site(write(tmp_path, phrases__site={"harmless": {"de": ["schmetterling 3B"]}}))
    assert told(at_site, "condition.hiv", entry)[0] == "presumed"


AKIN = [
    # Said to be: | it may be, or certainly is | and is not
    ("malignancy", "condition.aml", "condition.heart_failure"),
    ("lupus-nephritis", "condition.sle", "condition.diabetes"),
    ("infection", "condition.hepatitis_b", "condition.copd"),
    ("myocardial-infarction", "condition.acute_coronary_syndrome", "condition.stroke"),
    # ICD-10 has combined codes: HIV disease with a malignant neoplasm, COPD with an infection. They make no kind.
    ("hiv", "condition.infection", "condition.malignancy"),
    ("copd", "condition.copd", "condition.infection"),
]


def test_what_is_said_to_be_a_disease_may_be_each_kind_of_it(tmp_path: Path) -> None:
    named = {value_set: {"en": [f"Zwirbel {row} q"]} for row, (value_set, _, _) in enumerate(AKIN)}
    at_site = with_site(write(tmp_path, phrases__site={"phrases": named}))
    for row, (value_set, may_be, is_not) in enumerate(AKIN):
        entry = condition(f"Zwirbel {row} q")
        found = [told(at_site, fact, entry)[0] for fact in (may_be, is_not)]
        assert found == ["unknown", "presumed"], value_set


def test_a_phrase_names_the_sets_too_that_take_its_set_in(library: Library) -> None:
    sets = library.facts.valuesets
    ids = sets.tables.ids
    holders = {ids[taken]: ids[part.number] for part in sets.tables.imports for taken in part.taken}
    assert holders
    for taken, holder in holders.items():
        assert {taken, holder} <= set(sets.with_phrases({"xyzzy": [taken]}).phrases()["xyzzy"])


def test_what_is_harmless_is_handed_on_as_it_is_written(tmp_path: Path) -> None:
    site = write(
        tmp_path,
        phrases__site={"harmless": {"en": ["Pt education done"], "zh": ["健康宣教"]}},
        phrases__more={"harmless": {"en": ["Valet parking"]}},
    )
    assert with_site(site).facts.site.harmless == {"Pt education done", "健康宣教", "Valet parking"}


def test_what_names_a_disease_is_never_harmless(tmp_path: Path) -> None:
    both = {"phrases": {"sle": {"en": ["Lupy"]}}, "harmless": {"en": ["lupy", "fine"]}}
    library = with_site(write(tmp_path, phrases__site=both))
    assert library.facts.site.harmless == {"fine"}
    assert [f.code for f in library.about_site] == ["phrase-contradicts"]


BROKEN = [
    ("systems", "{", "site:systems.json", "not-json"),
    ("systems", {"systems": []}, "site:systems.json", "bad-value"),
    ("conceptmaps__broken", "[]", "site:conceptmaps/broken.json", "conceptmap-invalid"),
    ("conceptmaps__broken", {"resourceType": "ConceptMap"}, "site:conceptmaps/broken.json", "missing-key"),
    ("phrases__broken", "{", "site:phrases/broken.json", "not-json"),
    ("phrases__broken", {"phrases": {"sle": ["x"]}}, "site:phrases/broken.json", "bad-value"),
    ("phrases__broken", {"phrase": {}}, "site:phrases/broken.json", "unknown-key"),
    ("phrases__broken", {"phrases": {"sel": {"en": ["x y"]}}}, "site:phrases/broken.json", "phrase-unknown-valueset"),
    ("site", "{", "site:site.json", "not-json"),
    ("site", [], "site:site.json", "bad-value"),
    ("site", {"time_zone": "Europe/Berln"}, "site:site.json", "bad-value"),
]


@pytest.mark.parametrize("fault", BROKEN, ids=str)
def test_a_broken_file_is_named_and_nothing_else_is_lost(
    library: Library, tmp_path: Path, fault: tuple[str, Any, str, str]
) -> None:
    name, content, place, code = fault
    site = write(
        tmp_path,
        site={"country": "DE"},
        systems={"systems": {"http://loinc.org": ["urn:example:other-lab"]}},
        conceptmaps__lab=concept_map("HB", SAME),
        phrases__site={"phrases": {"sle": {"de": ["Schmetterling 3b"]}}},
    )
    write(site, **{name: content})
    at_site = with_site(site)
    assert [(f.file, f.code) for f in at_site.about_site] == [(place, code)]
    assert told(at_site, "lab.hemoglobin", haemoglobin(LAB, "HB")) == ("known", 112)
    assert told(at_site, "condition.sle", condition("Schmetterling 3b"))[0] == "unknown"
    if name != "systems":
        assert told(at_site, "lab.hemoglobin", haemoglobin("urn:example:other-lab", "718-7")) == ("known", 112)
    assert len(at_site.trials) == len(library.trials)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    site = write(tmp_path, site={"country": "DE"})
    (site / "phrases").mkdir()
    (site / "phrases" / "site.json").write_bytes(b"\xff\xfe")
    assert [(f.file, f.code) for f in with_site(site).about_site] == [("site:phrases/site.json", "unreadable-file")]


def test_a_folder_that_is_not_there_is_said_and_stops_nothing(tmp_path: Path) -> None:
    library = with_site(tmp_path / "nowhere")
    assert [f.code for f in library.about_site] == ["no-site-folder"]
    assert library.site_digest is None
    assert len(library.trials) > 0


def answers(library: Library, name: str) -> tuple[Any, Any]:
    record = read_bundle((SAMPLES / f"{name}.json").read_bytes())
    found = match(record, library, AS_OF)
    options = CardOptions(near_miss=True).at_site(library.site)
    return explain(found), cards_for(match(record, library, AS_OF, candidates_only=True, near=True), options, "seed")


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.json")))
def test_a_folder_that_is_empty_changes_no_output(library: Library, empty: Library, name: str) -> None:
    assert answers(empty, name) == answers(library, name)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("site")
    for part in ("conceptmaps", "phrases"):
        (folder / part).mkdir()
    library = with_site(folder)
    assert (library.about_site, library.site_digest) == ((), None)
    return library


def test_the_digest_is_over_the_sites_files_and_that_of_the_rules_over_theirs(library: Library, tmp_path: Path) -> None:
    site = write(tmp_path / "site", site={"country": "DE"})
    first = with_site(site)
    assert first.files == library.files
    assert list(first.site_files) == ["site.json"]
    again = with_site(Path(shutil.copytree(site, tmp_path / "copy")))
    assert again.site_digest == first.site_digest is not None
    write(site, site={"country": "FR"})
    assert with_site(site).site_digest not in (None, first.site_digest)


def test_explain_names_the_digest(tmp_path: Path) -> None:
    library = with_site(write(tmp_path, site={"country": "DE"}))
    assert answers(library, "sle")[0]["site"] == library.site_digest


def test_a_phrase_is_written_beside_the_others(tmp_path: Path) -> None:
    write_phrase(tmp_path, "Schmetterling 3b", "de", "sle")
    write_phrase(tmp_path, "SCHMETTERLING, 3b", "en", "sle")  # the same words
    write_phrase(tmp_path, "Lupus, Wolf", "de", "sle")
    path = write_phrase(tmp_path, "Pt education done", "en")
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "phrases": {"sle": {"de": ["Schmetterling 3b", "Lupus, Wolf"]}},
        "harmless": {"en": ["Pt education done"]},
    }
    assert [one.name for one in path.parent.iterdir()] == ["site.json"]
    assert told(with_site(tmp_path), "condition.sle", condition("Schmetterling 3b"))[0] == "unknown"


@pytest.mark.parametrize("content", ["{", '{"phrase": {}}'])
def test_a_file_that_is_not_one_of_phrases_is_not_written_over(tmp_path: Path, content: str) -> None:
    write(tmp_path, phrases__site=content)
    with pytest.raises(PhraseError, match=r"site\.json"):
        write_phrase(tmp_path, "x y", "en", "sle")
    assert (tmp_path / "phrases" / "site.json").read_text() == content


TEXT = st.text("aé狼 -'\"\\", min_size=1, max_size=8)


@settings(max_examples=60)
@given(st.lists(st.tuples(TEXT, st.sampled_from(["en", "zh"]), st.sampled_from(["sle", "als", ""])), max_size=6))
def test_whatever_is_written_can_be_read_again(tmp_path_factory: pytest.TempPathFactory, phrases: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("site")
    for text, language, value_set in phrases:
        path = write_phrase(folder, text, language, value_set)
        file = PhraseFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
        listed = file.phrases[value_set] if value_set else file.harmless
        words = [one.casefold() for texts in listed.values() for one in texts]
        assert words
