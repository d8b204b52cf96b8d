"""The phrases of a site (`phrases/*.json` in its folder): how its clinicians write what value sets name, and what they
write that names none.

A program may rewrite `phrases/site.json`: `write_phrase` adds one, in one step, so that a service that follows the
folder reads the file before or after it and never half of it.
"""

import json
import os
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import CdsError, Finding
from cds_service.facts.catalogue import finding
from cds_service.facts.words.folding import tokens, without_tag
from cds_service.rule_files import Layers, PlaceError, check_inside, invalid, is_there, nearest, pointer, read_json

SITE_PHRASES = "phrases/site.json"
"""In a site's folder: the file that a program may rewrite."""


class PhraseError(CdsError):
    """A phrase can't be written; the text says why."""


class PhraseFile(BaseModel):
    """`phrases/*.json`: a site's own words."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    schema_: str = Field(default="", alias="$schema")
    phrases: dict[str, dict[str, tuple[str, ...]]] = Field(
        default={}, description="By value set and language (BCP 47): how it is written. Words that hit one are a hint."
    )
    harmless: dict[str, tuple[str, ...]] = Field(
        default={}, description="By language: what is read and names none of the value sets."
    )


@dataclass(frozen=True, slots=True)
class WrittenPhrase:
    """A phrase as it stands in a file. `value_set`: the id of what it names; empty for what is harmless."""

    text: str
    language: str
    value_set: str
    file: str
    pointer: str

    @property
    def words(self) -> tuple[str, ...]:
        """Its words as they are compared: two phrases with the same are one."""
        return tuple(token.word for token in tokens(self.text))


@dataclass(frozen=True, slots=True)
class OwnPhrases:
    """All phrases of a site. `harmless`: the texts of those that name no value set, as they are written."""

    written: tuple[WrittenPhrase, ...] = ()
    harmless: frozenset[str] = frozenset()

    def named(self) -> dict[str, list[str]]:
        """Each phrase that names value sets, with their ids."""
        found: dict[str, list[str]] = {}
        for one in self.written:
            if one.value_set:
                found.setdefault(one.text, []).append(one.value_set)
        return found


def load_phrases(
    rules_dir: Path, site_dir: Path | None, value_sets: Collection[str]
) -> tuple[OwnPhrases, tuple[Finding, ...]]:
    """The phrases in `phrases/*.json` of every layer, and a finding for each that can't be used: it is left out.

    `value_sets`: the ids of those that there are.
    """
    findings: list[Finding] = []
    written: list[WrittenPhrase] = []
    for name, path in Layers(rules_dir, site_dir).files("phrases/*.json"):
        for one in _read(path, name, value_sets):
            if isinstance(one, Finding):
                findings.append(one)
            else:
                written.append(one)
    naming = {one.words: one for one in written if one.value_set}
    kept = []
    for one in written:
        other = None if one.value_set else naming.get(one.words)
        if other is None:
            kept.append(one)
        else:
            message = f"{one.text!r} also names {other.value_set} ({other.file}#{other.pointer})"
            findings.append(finding("phrase-contradicts", one.file, one.pointer, message))
    harmless = frozenset(one.text for one in kept if not one.value_set)
    return OwnPhrases(tuple(kept), harmless), tuple(findings)


def _read(path: Path, name: str, value_sets: Collection[str]) -> Iterator[WrittenPhrase | Finding]:
    content, problems = read_json(path, name)
    yield from problems
    if content is None:
        return
    try:
        file = PhraseFile.model_validate(content)
    except ValidationError as problem:
        yield from invalid(problem, name, PhraseFile)
        return
    for set_id, by_language in file.phrases.items():
        if set_id not in value_sets:
            message, hint = f"there is no value set {set_id!r}", nearest(set_id, value_sets)
            yield finding("phrase-unknown-valueset", name, pointer(["phrases", set_id]), message, hint=hint)
            continue
        yield from _listed(by_language, set_id, name, ("phrases", set_id))
    yield from _listed(file.harmless, "", name, ("harmless",))


def _listed(
    by_language: dict[str, tuple[str, ...]], set_id: str, name: str, at: tuple[str, ...]
) -> Iterator[WrittenPhrase | Finding]:
    for language, texts in by_language.items():
        for index, text in enumerate(texts):
            one = WrittenPhrase(without_tag(text), language, set_id, name, pointer((*at, language, index)))
            has_word = any(word.isalnum() for word in one.words)
            yield one if has_word else finding("phrase-empty", name, one.pointer, f"{text!r} has no word")


def write_phrase(site_dir: Path, text: str, language: str, value_set: str = "") -> Path:
    """Add a phrase to `phrases/site.json` of a site's folder, which is made where there is none: one that names
    `value_set`, or one that names none. A phrase that stands there already stays as it is.

    Raises PhraseError where the file is not one of phrases (it is left as it is), is a link that leads out of the
    folder, or can't be written. Which phrases
    are fit to be added is for who asks (`rule_tools.phrase_findings`).
    """
    path = site_dir / SITE_PHRASES
    try:
        check_inside(path, site_dir)
    except PlaceError as problem:
        raise PhraseError(str(problem)) from problem
    content: Any = {}
    if is_there(path):
        content, problems = read_json(path, str(path))
        if problems:
            raise PhraseError(f"{path}: {problems[0].message}")
    try:
        file = PhraseFile.model_validate(content)
    except ValidationError as problem:
        raise PhraseError(f"{path}: it is not a file of phrases") from problem
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, _with(file, text, language, value_set).model_dump(by_alias=True, exclude_defaults=True))
    except OSError as problem:
        raise PhraseError(f"{path}: {problem.strerror}") from problem
    return path


def _with(file: PhraseFile, text: str, language: str, value_set: str) -> PhraseFile:
    listed = file.phrases.get(value_set, {}) if value_set else file.harmless
    words = tuple(token.word for token in tokens(text))
    if any(words == tuple(t.word for t in tokens(other)) for others in listed.values() for other in others):
        return file
    more = {**listed, language: (*listed.get(language, ()), text)}
    return file.model_copy(
        update={"phrases": {**file.phrases, value_set: more}} if value_set else {"harmless": more},
    )


def _replace(path: Path, content: dict[str, Any]) -> None:
    # Not `.json` until it is whole: who looks at the folder meanwhile passes it over.
    handle, unfinished = tempfile.mkstemp(prefix=".phrases-", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        # As any file of the folder: who serves need not be who writes.
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, path)
    except OSError:
        os.unlink(unfinished)
        raise
