"""Patients × trials: who they are, what the trials are about, the verdicts, and which of them somebody wants to see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.matching import match
from cds_service.workbench.views.verdicts import told, who

SHOWN: Mapping[str, tuple[str, frozenset[str]]] = {
    "": ("every verdict", frozenset()),
    "fits": ("fits", frozenset({"likely_eligible"})),
    "may": ("may fit", frozenset({"possibly_eligible"})),
    "either": ("fits or may fit", frozenset({"likely_eligible", "possibly_eligible"})),
}
"""What can be asked for: its word in an address, the words on the screen, and the verdicts that it means."""
OTHER = "Other"
"""Where trials stand whose gates ask for no disease."""
_DISEASE = "condition."


@dataclass(frozen=True, slots=True)
class Column:
    """A trial. `disease`: what its gates ask for, in the words of the fact catalogue."""

    trial: str
    title: str
    disease: str

    @property
    def words(self) -> str:
        """What it is searched by."""
        return f"{self.trial} {self.title} {self.disease}".casefold()


@dataclass(frozen=True, slots=True)
class Cell:
    """One trial for one patient. `told` says how many computed criteria pass, or which fail."""

    verdict: str
    told: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One patient: the name in addresses, the person in words, age and sex, and a cell for each trial."""

    patient: str
    person: str
    who: str
    cells: Mapping[str, Cell]

    @property
    def words(self) -> str:
        """What it is searched by."""
        return f"{self.patient} {self.person} {self.who}".casefold()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see: verdicts (a key of `SHOWN`), and words of patients and of trials."""

    show: str = ""
    patient: str = ""
    trial: str = ""

    def of(self, rows: Iterable[MatrixRow], columns: Iterable[Column]) -> tuple[list[MatrixRow], list[Column]]:
        """The rows and columns that have all the words and, where verdicts are asked for, at least one of these."""
        rows = [row for row in rows if _has(row.words, self.patient)]
        columns = [column for column in columns if _has(column.words, self.trial)]
        verdicts = SHOWN[self.show][1] if self.show in SHOWN else frozenset()
        if verdicts:
            met = [(row, column) for row in rows for column in columns if row.cells[column.trial].verdict in verdicts]
            patients, trials = {row.patient for row, _ in met}, {column.trial for _, column in met}
            rows = [row for row in rows if row.patient in patients]
            columns = [column for column in columns if column.trial in trials]
        return rows, columns


def _has(text: str, words: str) -> bool:
    return all(word in text for word in words.casefold().split())


@dataclass
class Matrix:
    """The verdicts of one library on one day, worked out row by row and kept."""

    library: Library
    as_of: date
    columns: tuple[Column, ...] = field(init=False)
    _rows: dict[str, tuple[Record, MatrixRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = columns(self.library)

    def known(self, name: str, record: Record) -> MatrixRow | None:
        """The row of a patient, where it was worked out for this very record."""
        kept = self._rows.get(name)
        return kept[1] if kept is not None and kept[0] is record else None

    def rows(self, records: Mapping[str, Record], people: Mapping[str, str]) -> list[MatrixRow]:
        """Work out these rows."""
        made = []
        for name, record in records.items():
            row = self.known(name, record)
            if row is None:
                result = match(record, self.library, self.as_of)
                cells = {t.trial.id: Cell(t.verdict, told(t)) for t in result.trials}
                row = MatrixRow(name, people.get(name, name), who(result), cells)
                self._rows[name] = (record, row)
            made.append(row)
        return made


def columns(library: Library) -> tuple[Column, ...]:
    """Every trial, those about one disease beside each other, in the library's order otherwise."""
    titles = library.titles()
    found: dict[str, list[Column]] = {}
    for trial, stored_trial in zip(library.trials, library.stored, strict=True):
        disease = _disease(stored_trial.gates.entries, titles)
        found.setdefault(disease, []).append(Column(trial.id, trial.trial.short_title, disease))
    # What has no disease stands last.
    others = found.pop(OTHER, [])
    return tuple([column for group in found.values() for column in group] + others)


def _disease(asked: Iterable[Iterable[str]], titles: Mapping[str, str]) -> str:
    """From what the gates need on record: of each set any one fact."""
    for any_of in asked:
        names = sorted(name for name in any_of if name.startswith(_DISEASE))
        if names and len(names) == len(set(any_of)):
            return " or ".join(titles.get(name, name) for name in names)
    return OTHER


def groups(found: Sequence[Column]) -> list[tuple[str, int]]:
    """Each disease with how many columns stand under it."""
    counted: list[tuple[str, int]] = []
    for column in found:
        if counted and counted[-1][0] == column.disease:
            counted[-1] = (column.disease, counted[-1][1] + 1)
        else:
            counted.append((column.disease, 1))
    return counted
