"""`python -m tools.lexicon.figures RECORDS.zip`: what of public and of invented records is not understood.

The figures of docs/safety.md, "What could not be read": for each source in the archive and each kind of entry the share
of patient × fact that is unknown because of words, with the entries that make the most of it; how many verdicts on the
sample patients stay where a public chart's diseases, operations and drugs are added; and a chart for each of four
countries. Without an archive only the last.
"""

import argparse
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from cds_service.errors import RecordError
from cds_service.explanation import unread_in
from cds_service.facts import FactReader, FactReaders, build_sheet
from cds_service.facts.catalogue import EventsFact
from cds_service.facts.fact import Events
from cds_service.fhir import Record, read_bundle
from cds_service.library import Library, load_library
from cds_service.matching import match

ROOT = Path(__file__).resolve().parents[2]
CHARTS = Path(__file__).parent / "charts"
AS_OF = date(2026, 11, 24)
SOURCES = ("synthea_r4", "inferno_reference_server_data", "tietai")
_ADDED = frozenset({"Condition", "Procedure", "MedicationRequest", "MedicationStatement"})
_TOP = 12


class Figures:
    """Counts over the records of one source, by kind of entry."""

    def __init__(self, knowledge: FactReaders) -> None:
        self.knowledge = knowledge
        self.patients = 0
        self.cells: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()
        self.named: Counter[str] = Counter()
        self.why: Counter[tuple[str, str]] = Counter()

    def add(self, record: Record) -> None:
        """Count one record."""
        self.patients += 1
        reader = FactReader(record, self.knowledge, AS_OF)
        sheet = reader.sheet()
        words = {entry.source: entry.words for entry in reader.not_coded()}
        for spec in self.knowledge.catalogue:
            if not isinstance(spec, EventsFact) or not spec.valuesets:
                continue
            self.cells[spec.resource] += 1
            events = sheet[spec.name].value
            assert isinstance(events, Events)
            if any(item.sure for item in events.items):
                continue
            unread = [item.evidence.source for item in events.items if item.hint == "unread_entry"]
            if unread and len(unread) == len(events.items):
                self.unread[spec.resource] += 1
                self.why[spec.resource, " + ".join(sorted({words.get(one, one) for one in unread}))[:100]] += 1
            elif any(item.hint == "uncoded_mention" for item in events.items):
                self.named[spec.resource] += 1

    def lines(self) -> Iterator[str]:
        """The figures, kind by kind."""
        for kind, cells in sorted(self.cells.items()):
            share, named = self.unread[kind] / cells, self.named[kind] / cells
            yield f"  {kind}: unknown for words that were not understood {share:.1%}, for what words name {named:.1%}"
            most = [(words, count) for (of, words), count in self.why.most_common() if of == kind]
            yield from (f"    {count:4} {words}" for words, count in most[:_TOP])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=Path, nargs="?")
    parser.add_argument("--source", nargs="*", default=SOURCES)
    options = parser.parse_args()
    library = load_library(ROOT / "rules")
    for source in options.source if options.records else ():
        figures = Figures(library.facts)
        for data in _documents(options.records, source):
            try:
                figures.add(read_bundle(data))
            except RecordError:
                continue
        _say(f"{source}: {figures.patients} patients", *figures.lines())
    if options.records:
        _say(*stays(library, options.records))
    for chart in sorted(CHARTS.glob("*.json")):
        _say(*country(library, chart))


def stays(library: Library, archive: Path) -> Iterator[str]:
    """How many verdicts stay where the diseases, operations and drugs of public charts are added to each sample."""
    charts = [entries for data in _documents(archive, SOURCES[0]) if (entries := _to_add(data))]
    same = total = 0
    changes: Counter[tuple[str, str, str]] = Counter()
    for sample in sorted((ROOT / "fhir_samples" / "patients").glob("*.json")):
        patient = json.loads(sample.read_bytes())
        before = {one.trial.id: one.verdict for one in match(read_bundle(sample.read_bytes()), library, AS_OF).trials}
        person = next(e["resource"]["id"] for e in patient["entry"] if e["resource"]["resourceType"] == "Patient")
        for entries in charts:
            about = {"subject": {"reference": f"Patient/{person}"}}
            added = [{"resource": {**one, "id": f"x{number}", **about}} for number, one in enumerate(entries)]
            held = {**patient, "entry": [*patient["entry"], *added]}
            for one in match(read_bundle(json.dumps(held).encode()), library, AS_OF).trials:
                total += 1
                same += one.verdict == before[one.trial.id]
                if one.verdict != before[one.trial.id]:
                    changes[one.trial.id, before[one.trial.id], one.verdict] += 1
    yield f"samples with each of {len(charts)} charts added: {same} of {total} verdicts stay ({same / total:.1%})"
    for (trial, old, new), count in changes.most_common():
        yield f"    {count:4} {trial}: {old} to {new}"


def country(library: Library, chart: Path) -> Iterator[str]:
    """What is unknown in an invented chart of one country, and because of which entries."""
    sheet = build_sheet(read_bundle(chart.read_bytes()), library.facts, AS_OF)
    yield f"chart {chart.stem}:"
    for entry in unread_in(sheet):
        said = entry.words or f"{entry.system} {entry.code}, no words"
        yield f"    {len(entry.facts):4} facts of {entry.kind} wait for: {said}"


def _to_add(data: bytes) -> list[dict[str, Any]]:
    document = json.loads(data)
    entries = [entry.get("resource", {}) for entry in document.get("entry", ())]
    if sum(one.get("resourceType") == "Patient" for one in entries) != 1:
        return []
    drugs = {e.get("fullUrl"): e["resource"].get("code", {}) for e in document["entry"] if "resource" in e}
    kept = []
    for one in entries:
        if one.get("resourceType") in _ADDED:
            own = {k: v for k, v in one.items() if k not in {"encounter", "recorder", "requester", "asserter"}}
            reference = own.pop("medicationReference", {}).get("reference")
            kept.append(own if reference is None else {**own, "medicationCodeableConcept": drugs.get(reference, {})})
    return kept


def _documents(archive: Path, source: str) -> Iterator[bytes]:
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            if source in name and name.endswith(".json"):
                yield files.read(name)


def _say(*lines: str) -> None:
    print(*lines, sep="\n")  # noqa: T201  a command's own output


if __name__ == "__main__":
    main()
