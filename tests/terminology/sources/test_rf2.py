"""SNOMED CT in RF2, by an invented edition of eight concepts."""

from pathlib import Path

import pytest

from cds_service.terminology.sources import Concept, FilterCondition, Source, UnsupportedFilterError, open_rf2
from tests.terminology.sources import releases
from tests.terminology.sources.releases import (
    BOTH,
    CHARM,
    CONCEPT_FILE,
    GREY,
    HUMOUR,
    MOON,
    NAMES,
    OLD,
    RELATIONSHIP_FILE,
    ROOT,
    SNOMED,
    TIDE,
)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return open_rf2(releases.folder(tmp_path, releases.rf2()))


def codes(source: Source, *conditions: tuple[str, str, str]) -> list[str]:
    return [one.code for one in source.expand(SNOMED, [FilterCondition(*each) for each in conditions])]  # type: ignore[arg-type]  # a row of a table


def test_the_version_is_the_uri_of_the_edition_and_its_day(source: Source) -> None:
    assert source.releases == ((SNOMED, "http://snomed.info/sct/900000000000207008/version/20310101"),)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([("concept", "is-a", HUMOUR)], {HUMOUR, MOON, TIDE, GREY, BOTH}),
        ([("concept", "descendent-of", HUMOUR)], {MOON, TIDE, GREY, BOTH}),
        ([("concept", "is-a", MOON)], {MOON, GREY, BOTH}),
        ([("concept", "is-a", GREY)], {GREY}),
        ([("concept", "descendent-of", GREY)], set()),
        ([("concept", "is-a", MOON), ("concept", "is-a", TIDE)], {BOTH}),
        ([("concept", "is-a", HUMOUR), ("concept", "is-not-a", MOON)], {HUMOUR, TIDE}),
        ([("concept", "is-not-a", HUMOUR)], {ROOT, CHARM}),
        ([("concept", "is-a", HUMOUR), ("display", "regex", r".*moon.*\(disorder\)")], {GREY}),
        ([("concept", "is-a", HUMOUR), ("display", "regex", "moon")], set()),
        ([("display", "regex", r"(?i).*moon.*\(disorder\)")], {MOON, GREY, BOTH}),
        ([("display", "=", "Tide humour (disorder)")], {TIDE}),
        ([("code", "=", GREY)], {GREY}),
        ([("concept", "=", GREY)], {GREY}),
        ([("code", "in", f"{GREY}, {TIDE},{OLD},999")], {GREY, TIDE}),
        ([("code", "regex", f"{GREY[:4]}.*")], {HUMOUR, MOON, TIDE, GREY, BOTH, CHARM}),
        ([], {ROOT, HUMOUR, MOON, TIDE, GREY, BOTH, CHARM}),
    ],
)
def test_a_filter_gives_the_active_codes_in_order(
    source: Source, conditions: list[tuple[str, str, str]], expected: set[str]
) -> None:
    assert codes(source, *conditions) == sorted(expected)


def test_names_are_the_fully_specified_ones_and_retired_codes_are_known(source: Source) -> None:
    assert source.concept(SNOMED, GREY) == Concept(GREY, "Grey moon humour of Méline (disorder)")
    assert source.concept(SNOMED, MOON) == Concept(MOON, "Moon humour (disorder)")
    assert source.concept(SNOMED, OLD) == Concept(OLD, "Fog humour (disorder)", active=False)
    assert source.concept(SNOMED, releases.sctid(12345)) is None
    assert source.concept(SNOMED, "lupus") is None
    assert source.concept("http://loinc.org", GREY) is None


@pytest.mark.parametrize("root", [releases.sctid(12345), "lupus", OLD])
@pytest.mark.parametrize("operator", ["is-a", "descendent-of", "is-not-a"])
def test_a_root_that_is_not_there_or_retired_is_a_lookup_error(source: Source, root: str, operator: str) -> None:
    with pytest.raises(LookupError, match=root):
        codes(source, ("concept", operator, root))


@pytest.mark.parametrize(
    "condition",
    [
        ("363698007", "=", HUMOUR),
        ("constraint", "=", f"<< {HUMOUR}"),
        ("concept", "in", "723264001"),
        ("display", "is-a", "Moon"),
        ("code", "regex", "(("),
        ("display", "regex", "a" * 501),
        ("display", "regex", "(?=moon).*"),
    ],
)
def test_what_is_not_answered_says_so(source: Source, condition: tuple[str, str, str]) -> None:
    with pytest.raises(UnsupportedFilterError):
        codes(source, condition)


@pytest.mark.parametrize(
    "pattern", [r".*\(disorder\)", "[+*]+.*", r"(?:moon|tide) humour", "(?i)(a)?b{2,}c{3}", r"\(+"]
)
def test_usual_expressions_are_read(source: Source, pattern: str) -> None:
    assert codes(source, ("display", "regex", pattern)) is not None


def test_another_system_is_not_held(source: Source) -> None:
    with pytest.raises(LookupError, match=r"loinc"):
        source.expand("http://loinc.org", [])


def test_a_circle_in_the_hierarchy_ends(tmp_path: Path) -> None:
    files = releases.rf2()
    files[RELATIONSHIP_FILE] += b"\t".join(map(str.encode, releases.kind_row(60, HUMOUR, GREY))) + b"\r\n"
    circular = open_rf2(releases.folder(tmp_path, files))
    assert set(codes(circular, ("concept", "is-a", GREY))) == {HUMOUR, MOON, TIDE, GREY, BOTH}


def _marked(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def _unix(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("change", [_marked, _unix])
def test_a_byte_order_mark_and_other_line_ends_are_read(tmp_path: Path, change) -> None:
    changed = {name: change(content) for name, content in releases.rf2().items()}
    source = open_rf2(releases.folder(tmp_path, changed))
    assert codes(source, ("concept", "is-a", MOON)) == sorted({MOON, GREY, BOTH})
    assert source.concept(SNOMED, ROOT) == Concept(ROOT, NAMES[ROOT])


def test_a_zip_is_read_as_its_folder(tmp_path: Path, source: Source) -> None:
    packed = open_rf2(releases.archive(tmp_path / "release.zip", releases.rf2()))
    assert packed.releases == source.releases
    assert codes(packed) == codes(source)


def test_files_of_a_folder_may_be_gzip_each(tmp_path: Path) -> None:
    releases.folder(tmp_path, {})
    for name, content in releases.rf2().items():
        releases.gzipped(tmp_path / (Path(name).name + ".gz"), content)
    assert codes(open_rf2(str(tmp_path)), ("concept", "is-a", GREY)) == [GREY]


# Editions


def _extension(files: dict[str, bytes], module: str) -> None:
    """A concept of a national extension below the moon, a kind that it retired, and a name that it gave anew."""
    own = releases.sctid(5, "10", "1000999")
    place = "Extension/Snapshot/Terminology/sct2_{}_Snapshot{}_XX1000999_20310301.txt"
    files[place.format("Concept", "")] = releases.table(
        releases.CONCEPT_COLUMNS,
        [releases.concept_row(own, module=module), releases.concept_row(CHARM, active=False, time="20310301")],
    )
    files[place.format("Description", "-en")] = releases.table(
        releases.DESCRIPTION_COLUMNS, [releases.name_row(90, own, "Moon humour of the valley (disorder)")]
    )
    files[place.format("Relationship", "")] = releases.table(
        releases.RELATIONSHIP_COLUMNS,
        [
            releases.kind_row(90, own, MOON),
            releases.kind_row(5, BOTH, MOON, active=False, time="20310301"),
        ],
    )


def test_an_edition_of_two_parts_counts_the_later_row(tmp_path: Path) -> None:
    files, own = releases.rf2(), releases.sctid(5, "10", "1000999")
    module = releases.sctid(1, "10", "1000999")
    _extension(files, module)
    edition = open_rf2(releases.folder(tmp_path, files))
    assert edition.releases[0].version == f"http://snomed.info/sct/{module}/version/20310301"
    assert codes(edition, ("concept", "is-a", MOON)) == sorted({MOON, GREY, own})
    assert edition.concept(SNOMED, CHARM) == Concept(CHARM, NAMES[CHARM], active=False)


def test_an_edition_is_known_by_the_module_that_no_other_needs(tmp_path: Path) -> None:
    files = releases.rf2()
    small, large = (releases.sctid(item, "10", "1000999") for item in (1, 2))
    rows = [releases.concept_row(code, active=code != OLD, module=large) for code in (HUMOUR, MOON, TIDE)]
    rows += [releases.concept_row(code, active=code != OLD) for code in NAMES if code not in {HUMOUR, MOON, TIDE, GREY}]
    rows += [releases.concept_row(GREY, module=small)]
    del files[CONCEPT_FILE]
    files["sct2_Concept_Snapshot_XX1000999_20310101.txt"] = releases.table(releases.CONCEPT_COLUMNS, rows)
    by_size = open_rf2(releases.folder(tmp_path / "without", files))
    assert by_size.releases[0].version == f"http://snomed.info/sct/{large}/version/20310101"
    files["der2_ssRefset_ModuleDependencySnapshot_XX1000999_20310101.txt"] = releases.table(
        "id effectiveTime active moduleId refsetId referencedComponentId sourceEffectiveTime targetEffectiveTime",
        [["an-uuid", "20310101", "1", small, "900000000000534007", large, "20310101", "20310101"]],
    )
    by_need = open_rf2(releases.folder(tmp_path / "with", files))
    assert by_need.releases[0].version == f"http://snomed.info/sct/{small}/version/20310101"


def test_a_release_whose_files_lost_their_date_is_known_by_its_latest_row(tmp_path: Path) -> None:
    files = {name.replace("_20310101", "_"): content for name, content in releases.rf2().items()}
    assert open_rf2(releases.folder(tmp_path, files)).releases[0].version.endswith("/version/20300101")
