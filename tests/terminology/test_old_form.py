"""A rules folder from before definitions and expansions: it loads as it is, and migrates when its owner likes."""

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.facts.catalogue import ICD10CM, RXNORM, SNOMED, load_codesystems, load_valuesets
from cds_service.terminology.diff import codes_difference, open_side
from tests.facts.small_rules import VALUESETS, codes, valueset, write_rules

LISTED = codes(SNOMED, "55464009", "68815009") | {"lasts": "chronic", "lasts_reason": "lifelong"}
EVENT = codes(ICD10CM, "M32.10", "M32.11") | {"lasts": "event", "lasts_reason": "a flare ends"}
OTHER = codes(ICD10CM, "M32.12") | {"lasts": "event", "lasts_reason": "said for this one alone"}
OLDEST = codes(SNOMED, "239887007") | {"lasts": "chronic", "lasts_reason": "seen in children"}


def old_folder(place: Path) -> Path:
    """Every member by hand, with a name and a reason each, without expansions and lock."""
    sets = [one for one in VALUESETS if one["id"] != "sle"]
    return write_rules(place, None, [*sets, valueset("sle", EVENT, OLDEST, LISTED, OTHER, hints=("SLE",))])


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


def test_it_loads_as_it_is(tmp_path: Path) -> None:
    rules = old_folder(tmp_path)
    assert not (rules / "expansions").exists()
    found, findings = load_valuesets(rules, load_codesystems(rules)[0])
    assert findings == ()
    for key in ((SNOMED, "68815009"), (ICD10CM, "M3210"), (SNOMED, "239887007")):
        assert "sle" in found.members(key)
    assert "sle" not in found.members((RXNORM, "68815009"))


def test_it_migrates_once_and_every_member_stays(tmp_path: Path) -> None:
    rules = old_folder(tmp_path / "old")
    new = tmp_path / "new"
    shutil.copytree(rules, new)
    result = CliRunner().invoke(app, ["codes", "migrate", "--rules", str(new)])
    assert result.exit_code == 0, result.output
    once = files(new)
    assert json.loads(once["terminology.lock"])["sets"]["sle"]
    result = CliRunner().invoke(app, ["codes", "migrate", "--rules", str(new)])
    assert "0 rewritten" in result.output
    assert files(new) == once
    found = codes_difference(open_side(rules), open_side(new))
    assert (found.sets, found.not_compared) == ((), ())
