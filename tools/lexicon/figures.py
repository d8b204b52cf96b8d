"""`python -m tools.lexicon.figures RECORDS.zip [SOURCE…]`: what of public records is not understood.

For each source in the archive (a folder or the beginning of a file's name) and each kind of entry: the share of
patient × fact that is unknown because of words, and the entries that make the most of it.
"""

import argparse
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cds_service.errors import RecordError
from cds_service.facts import FactKnowledge, FactReader, load_facts
from cds_service.facts.catalogue import EventsFact
from cds_service.facts.fact import Events
from cds_service.fhir import Record, read_bundle

RULES = Path(__file__).resolve().parents[2] / "rules"
AS_OF = date(2026, 11, 24)
_TOP = 15


class Figures:
    """Counts over the records of one source, by kind of entry."""

    def __init__(self, knowledge: FactKnowledge) -> None:
        self.knowledge = knowledge
        self.patients = 0
        self.cells: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()
        self.named: Counter[str] = Counter()
        self.why: Counter[tuple[str, str]] = Counter()
        self.facts: Counter[str] = Counter()

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
            if not events.items or any(item.sure for item in events.items):
                continue
            unread = [item.evidence.source for item in events.items if item.hint == "unread_entry"]
            if len(unread) == len(events.items):
                self.unread[spec.resource] += 1
                self.facts[spec.name] += 1
                self.why[spec.resource, " + ".join(sorted({words.get(one, one) for one in unread}))[:110]] += 1
            elif any(item.hint == "uncoded_mention" for item in events.items):
                self.named[spec.resource] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=Path)
    parser.add_argument("source", nargs="*", default=["synthea_r4", "inferno_reference_server_data", "tietai"])
    options = parser.parse_args()
    knowledge, _ = load_facts(RULES)
    for source in options.source:
        figures = Figures(knowledge)
        for record in _records(options.records, source):
            figures.add(record)
        _show(source, figures)


def _records(archive: Path, source: str) -> Iterator[Record]:
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            if source in name and name.endswith(".json"):
                try:
                    yield read_bundle(files.read(name))
                except RecordError:
                    continue


def _show(source: str, figures: Figures) -> None:
    print(f"{source}: {figures.patients} patients")  # noqa: T201  a command's own output
    for kind, cells in figures.cells.items():
        share, named = figures.unread[kind] / cells, figures.named[kind] / cells
        print(f"  {kind}: unknown for unread words {share:.1%}, for what words name {named:.1%}")  # noqa: T201
        for (of, words), count in figures.why.most_common():
            if of == kind and _TOP:
                print(f"    {count:4} {words}")  # noqa: T201
    print("  most:", figures.facts.most_common(_TOP))  # noqa: T201


if __name__ == "__main__":
    main()
