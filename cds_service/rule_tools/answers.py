"""An entry that was not understood, answered for good: its words become a phrase of the site, after the checks.

One answer is used in every chart that has these words. So it is written only where it changes nothing that was read
before: no sample patient, no test case, no name of something else that a trial reads.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cds_service.errors import Finding, RulesError
from cds_service.facts.catalogue import EventResource, EventsFact, finding
from cds_service.facts.words import (
    LONGEST,
    SITE_PHRASES,
    WrittenPhrase,
    is_kana,
    load_everyday,
    tokens,
    write_phrase,
)
from cds_service.fhir import Record
from cds_service.library import Library, load_library
from cds_service.rule_files import SITE, Folder, read_file
from cds_service.rule_tools.cases import Mismatch, load_cases, run_cases
from cds_service.rule_tools.changes import VerdictFlip, flip_json, verdict_flips
from cds_service.rule_tools.samples import sample_reader
from cds_service.rule_tools.site_check import phrase_findings
from cds_service.trials import CASES_FILE, TRIALS

_FILE = SITE + SITE_PHRASES


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """What a person says of the texts of an entry: that they are `value_set`, or (empty) none that any rule reads."""

    texts: tuple[str, ...]
    language: str
    value_set: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an answer is tried on: the folders, and the sample patients with the day that they were written for."""

    rules_dir: Path
    site_dir: Path
    samples_dir: Path
    samples: Mapping[str, Record]
    as_of: date


@dataclass(frozen=True, slots=True)
class CaseChange:
    """Something in a test case that comes out differently with an answer than without it."""

    trial: str
    case: str
    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What speaks against an answer. `path`: the file that it was written to; None where it was not."""

    answer: EntryAnswer
    findings: tuple[Finding, ...] = ()
    samples: tuple[VerdictFlip, ...] = ()
    cases: tuple[CaseChange, ...] = ()
    path: Path | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing does."""
        return not (self.findings or self.samples or self.cases)

    def as_json(self) -> dict[str, Any]:
        """`written`, `file`, `texts`, `language`, `value_set`, `findings`, `samples` and `cases`."""
        answer = self.answer
        return {
            "written": self.path is not None,
            "file": None if self.path is None else str(self.path),
            "texts": list(answer.texts),
            "language": answer.language,
            "value_set": answer.value_set or None,
            "findings": [{k: getattr(f, k) for k in Finding.__dataclass_fields__} for f in self.findings],
            "samples": [flip_json(flip) for flip in self.samples],
            "cases": [{k: getattr(c, k) for k in CaseChange.__dataclass_fields__} for c in self.cases],
        }


def choices(library: Library, kind: EventResource | None = None) -> dict[str, str]:
    """What an entry of a kind (of any, unless given) may be said to be: the value sets that facts of that kind read,
    each with what people call it, in the order of those titles."""
    titles: dict[str, str] = {}
    for spec in library.catalogue:
        if isinstance(spec, EventsFact) and spec.valuesets and kind in (None, spec.resource):
            titles.setdefault(spec.valueset or spec.valuesets[0], spec.title)
    return dict(sorted(titles.items(), key=lambda one: one[1].casefold()))


def languages(library: Library, texts: Iterable[str]) -> tuple[str, ...]:
    """The languages that texts may be in, the likeliest first: those of the site, and what the script tells."""
    characters = [character for text in texts for character in text]
    told = "ja" if any(map(is_kana, characters)) else "zh" if any(t.is_han for t in tokens("".join(characters))) else ""
    listed = library.site.settings.languages
    fitting = [tag for tag in listed if (_primary(tag) == told if told else _primary(tag) not in {"zh", "ja"})]
    return tuple(dict.fromkeys([*(fitting or [told or "en"]), *listed]))


def answer_entry(answer: EntryAnswer, ground: Ground, library: Library) -> AnswerReport:
    """Check an answer, and write it into the site's folder where nothing speaks against it. `library`: as last loaded
    from the same folders. Raises PhraseError where the file can't be written."""
    report = check_answer(answer, ground, library)
    if not report.sound:
        return report
    paths = [write_phrase(ground.site_dir, text, answer.language, answer.value_set) for text in answer.texts]
    return AnswerReport(answer, path=paths[0])


def check_answer(answer: EntryAnswer, ground: Ground, library: Library) -> AnswerReport:
    """What speaks against an answer. Nothing is written but in a copy of the site's folder."""
    written = [WrittenPhrase(text, answer.language, answer.value_set, _FILE, "") for text in answer.texts]
    empty = [one for one in written if not any(word.isalnum() for word in one.words)]
    if empty or not written:
        texts = [one.text for one in empty] or [""]
        return AnswerReport(
            answer, tuple(finding("phrase-empty", _FILE, "", f"{text!r} has no word") for text in texts)
        )
    try:
        before = load_library(ground.rules_dir, library, site_dir=ground.site_dir)
        everyday, _ = load_everyday(ground.rules_dir)
        found = tuple(phrase_findings(before, everyday, written))
        if found:
            return AnswerReport(answer, found)
        with TemporaryDirectory(prefix="cds-answer-") as made:
            _copy(ground.site_dir, Path(made))
            for one in written:
                write_phrase(Path(made), one.text, one.language, one.value_set)
            after = load_library(ground.rules_dir, before, site_dir=Path(made))
    except RulesError as problem:
        return AnswerReport(answer, problem.findings)
    # With an error anywhere in its folder a running service would not take the answer either.
    found = tuple(f for f in after.about_site if f.severity == "error" and f.file.startswith(SITE)) or tuple(
        _unheard(written, after)
    )
    if found:
        return AnswerReport(answer, found)
    flips = verdict_flips(ground.samples, before, after, ground.as_of)
    return AnswerReport(answer, samples=flips, cases=tuple(_case_changes(ground, before, after)))


def _unheard(written: Iterable[WrittenPhrase], after: Library) -> Iterator[Finding]:
    """The phrases by which their own text would not be read."""
    for one in written:
        read = after.facts.events.words.read(one.text)
        if len(one.text) > LONGEST or not (read.is_understood and (not one.value_set or one.value_set in read.named)):
            yield finding("phrase-not-found", _FILE, "", f"{one.text[:60]!r} would still not be understood")


def _case_changes(ground: Ground, before: Library, after: Library) -> Iterator[CaseChange]:
    """What comes out differently in the cases of all trials. Only those with a sample patient read any words."""
    old_sample, new_sample = (cache(sample_reader(library, ground.samples_dir)) for library in (before, after))
    for path in sorted((ground.rules_dir / TRIALS).glob(f"*/{CASES_FILE}")):
        content, _ = read_file(path)
        trial = before.trial(path.parent.name) if b'"sample"' in content else None
        if trial is None:
            continue
        cases = load_cases(trial, ground.rules_dir, before.catalogue)
        old, new = (
            {(m.pointer, m.what): m for m in run_cases(cases, library.compiled, library.titles(), read).mismatches}
            for library, read in ((before, old_sample), (after, new_sample))
        )
        for key in {**old, **new}:
            there = old.get(key) or new[key]
            was, now = _came(old.get(key), there), _came(new.get(key), there)
            if was != now:
                yield CaseChange(trial.id, there.case, there.what, was, now)


def _came(found: Mismatch | None, other: Mismatch) -> str:
    return other.expected if found is None else found.found


def _primary(tag: str) -> str:
    return tag.partition("-")[0].casefold()


def _copy(folder: Path, target: Path) -> None:
    """What of a site's folder can be read; a file that goes meanwhile stays out."""
    for name in Folder(folder).stamps() if folder.is_dir() else ():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(folder / name, target / name)
