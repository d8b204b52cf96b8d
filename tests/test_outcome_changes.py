"""tools/outcomes.py: which outcomes are others under another version, and because of which entries."""

import json
import zipfile
from pathlib import Path

from tests.facts.lasting import LISTED, entry
from tests.facts.records import Json, patient
from tools.outcomes import compare, read

RULES = Path(__file__).parents[1] / "rules"
STROKE, EXCLUDED = "230690007", "NCT07617779/exc-06e"


def lines(folder: Path, name: str, **says: str) -> Path:
    """What is read of an archive with a woman who had a stroke, beside a file that is no record."""
    held: list[Json] = [patient(), {**entry(STROKE, **LISTED), **says}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in held]}
    archive, found = folder / f"{name}.zip", folder / f"{name}.jsonl"
    with zipfile.ZipFile(archive, "w") as records:
        records.writestr("a/stroke.json", json.dumps(bundle))
        records.writestr("a/README.md", "no record")
    found.write_text("".join(f"{json.dumps(line)}\n" for line in read(archive, RULES)), encoding="utf-8")
    return found


def test_a_change_is_told_with_what_made_it(tmp_path: Path) -> None:
    recent = lines(tmp_path, "recent", onsetDateTime="2026-11-20")
    old = lines(tmp_path, "old", onsetDateTime="2026-11-20")
    text = old.read_text(encoding="utf-8")
    assert EXCLUDED in text
    assert list(compare(recent, old)) == [
        f"{text.count(chr(10))} outcomes the same; 0 changed for facts that are not about conditions"
    ]
    changed = []
    for line in map(json.loads, text.splitlines()):
        if line["at"] == EXCLUDED and line["outcome"] == "fail":
            line["outcome"] = "unknown"
            for fact in line["facts"].values():
                fact["answer"] = None
                for one in fact["entries"].values():
                    one["open"] = "may_be_over"
        changed.append(json.dumps(line))
    old.write_text("\n".join(changed), encoding="utf-8")
    _, *told = compare(recent, old)
    assert [line.split("\t")[1:4] for line in told] == [["1 records", "fail to unknown", "yes is unknown: may_be_over"]]
