"""Which certain outcomes became unknown between two versions of the service, which unknown ones certain, and why.

The figures of docs/safety.md on conditions. It runs by its path, under the version that PYTHONPATH names:

    PYTHONPATH=OLD python tools/outcomes.py read RECORDS.zip OLD/rules > old.jsonl
    PYTHONPATH=. python tools/outcomes.py read RECORDS.zip rules > new.jsonl
    python tools/outcomes.py compare old.jsonl new.jsonl

`read` writes a line for each criterion of each trial for each record: its outcome, and its facts about conditions with
what they rest on, on the last day that the record itself mentions and on AS_OF. `compare` counts the changes for which
no other kind of fact is known to be the reason: those where what is said of the conditions changed too.
"""

import argparse
import json
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

Json = dict[str, Any]
AS_OF = date(2026, 11, 24)
_DAY = re.compile(rb'"((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})')


def read(archive: Path, rules: Path) -> Iterator[Json]:
    """A line for each criterion of each record that is one patient's, on each of its two days."""
    from cds_service.errors import RecordError  # noqa: PLC0415 - only here, so that `compare` needs no version at all
    from cds_service.explanation import explain  # noqa: PLC0415 - see above
    from cds_service.fhir import read_bundle  # noqa: PLC0415 - see above
    from cds_service.library import load_library  # noqa: PLC0415 - see above
    from cds_service.matching import match  # noqa: PLC0415 - see above

    library = load_library(rules)
    with zipfile.ZipFile(archive) as records:
        for name in sorted(records.namelist()):
            if name.endswith("/"):
                continue
            data = records.read(name)
            try:
                record = read_bundle(data)
            except RecordError:
                continue  # no Patient, several, or no FHIR
            for day in sorted({AS_OF, _last_day(data)}):
                found = match(record, library, day)
                told = explain(found)
                for trial in told["trials"]:
                    for at, criteria in _criteria(trial):
                        yield from (_line(name, day, at, criterion, found.sheet) for criterion in criteria)


def _criteria(trial: Json) -> Iterator[tuple[str, list[Json]]]:
    """The criteria of a trial, and those of each of its cohorts, by whose they are."""
    yield trial["id"], trial["criteria"]
    yield from ((f"{trial['id']}/{cohort['id']}", cohort["criteria"]) for cohort in trial.get("cohorts", ()))


def _last_day(data: bytes) -> date:
    """The last day up to AS_OF that the record mentions, the day it was taken on as far as can be told."""
    days = (text.decode() for text in set(_DAY.findall(data)))
    return date.fromisoformat(max((day for day in days if day <= AS_OF.isoformat()), default=AS_OF.isoformat()))


def _line(name: str, day: date, whose: str, criterion: Json, sheet: Any) -> Json:
    facts = {
        fact["name"]: _state(fact["name"], sheet)
        for fact in criterion["facts"]
        if fact["name"].startswith("condition.")
    }
    at = f"{whose}/{criterion['id']}"
    return {"record": name, "day": day.isoformat(), "at": at, "outcome": criterion["outcome"], "facts": facts}


def _state(asked: str, sheet: Any) -> Json:
    """The answer to what is asked of a condition, what leaves it open, and when each entry began and ended."""
    name, part = asked, ""
    if asked.endswith((".active", ".history")):
        name, _, part = asked.rpartition(".")
    events = sheet[name].value
    answer = {"active": events.active, "history": events.history}.get(part, events.exists)("closed")
    kept = [item for item in events.items if part == "history" or not item.only_past]
    entries = {item.evidence.source: _entry(item) for item in kept}
    return {"answer": answer, "gap": events.gap, "entries": entries}


def _entry(item: Any) -> Json:
    open_for = item.hint or ("may_be_over" if item.present is None and item.end.hi > 0 else None)
    told = item.evidence
    words = " ".join(part for part in (told.code, told.display) if part)
    return {"open": open_for, "end": [item.end.lo, item.end.hi], "active": item.active, "words": words}


def compare(old: Path, new: Path) -> Iterator[str]:
    """The changes of outcomes by what was said of the conditions before and now, with an example each."""
    before = {_key(line): line for line in _lines(old)}
    counts: Counter[tuple[str, str]] = Counter()
    patients: dict[tuple[str, str], set[str]] = {}
    examples: dict[tuple[str, str], str] = {}
    same = other = 0
    for line in _lines(new):
        was = before.get(_key(line))
        if was is None or was["outcome"] == line["outcome"] or "review" in (was["outcome"], line["outcome"]):
            same += was is not None
            continue
        reasons = _reasons(was, line)
        if not reasons:
            other += 1
            continue
        (reason, example), *_ = reasons
        found = f"{was['outcome']} to {line['outcome']}", reason
        counts[found] += 1
        patients.setdefault(found, set()).add(line["record"])
        examples.setdefault(found, f"{line['record']} {line['day']} {line['at']}: {example}")
    yield f"{same} outcomes the same; {other} changed for facts that are not about conditions"
    for found, count in sorted(counts.items(), key=lambda one: (one[0][0], -one[1])):
        yield "\t".join((str(count), f"{len(patients[found])} records", *found, examples[found]))


def _lines(path: Path) -> Iterator[Json]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _key(line: Json) -> tuple[str, str, str]:
    return line["record"], line["day"], line["at"]


def _reasons(was: Json, now: Json) -> list[tuple[str, str]]:
    """What of the conditions may have made another outcome, the weightiest first, each with the entry it shows in."""
    found = []
    for name in sorted({*was["facts"], *now["facts"]}):
        before, after = was["facts"].get(name), now["facts"].get(name)
        if after is None:
            if before["answer"] is not False:
                found.append((4, "is not asked any more", name))
        elif before is None:
            if after["answer"] is not False:
                found.append((3, "is asked since", name))
        else:
            found += [(rank, reason, f"{name} {words}") for rank, reason, words in _changes(before, after)]
    return [(reason, example) for _, reason, example in sorted(found)]


def _changes(before: Json, after: Json) -> Iterator[tuple[int, str, str]]:
    if after["answer"] != before["answer"]:
        said = f"{_WORDS[before['answer']]} is {_WORDS[after['answer']]}"
        opened = {one["open"]: one["words"] for one in after["entries"].values() if one["open"]}
        opened = opened or {one["open"]: one["words"] for one in before["entries"].values() if one["open"]}
        for reason, words in (opened or {after["gap"] or before["gap"] or "no longer on record or on it": ""}).items():
            yield 0, f"{said}: {reason}", words
    for source, entry in after["entries"].items():
        earlier = before["entries"].get(source)
        if earlier is None:
            yield 2, f"an entry that was none: {entry['open'] or 'certain'}", entry["words"]
        elif earlier["end"] != entry["end"] or earlier["open"] != entry["open"]:
            yield 1, f"ended {_ended(earlier)}, is {_ended(entry)}", entry["words"]
    for source, earlier in before["entries"].items():
        if source not in after["entries"]:
            yield 2, f"an entry that is none any more: {earlier['open'] or 'certain'}", earlier["words"]


_WORDS = {True: "yes", False: "no", None: "unknown"}


def _ended(entry: Json) -> str:
    low, high = entry["end"]
    how = "not yet" if high == 0 else "some day since" if low != high else "on a day"
    return f"{how} ({entry['open']})" if entry["open"] else how


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, names in (("read", ("archive", "rules")), ("compare", ("old", "new"))):
        made = commands.add_parser(command)
        for name in names:
            made.add_argument(name, type=Path)
    options = parser.parse_args()
    if options.command == "read":
        found: Iterator[str] = (json.dumps(line, ensure_ascii=False) for line in read(options.archive, options.rules))
    else:
        found = compare(options.old, options.new)
    sys.stdout.writelines(f"{line}\n" for line in found)


if __name__ == "__main__":
    main()
