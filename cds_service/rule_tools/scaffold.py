"""The files that a new trial begins with: a sound draft with test cases, to be filled in criterion by criterion."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from cds_service.errors import CdsError
from cds_service.facts.catalogue import Catalogue
from cds_service.logic.check import fact_meant

_TRIAL = """{
  "$schema": "../../schema/trial.schema.json",
  "id": %(id)s,
  "title": %(title)s,
  "short_title": %(short_title)s,
  "status": "unknown",
  "registry": {"url": %(url)s},
  "state": "draft",
  "rules_version": "0.1.0",
  "criteria": [
    {
      "id": "inc-01", "kind": "inclusion", "text": "Age of at least 18 years",
      "logic": {">=": [{"var": "patient.age"}, {"quantity": [18, "a"]}]}
    },
    {
      "id": "inc-02", "kind": "inclusion", "gate": true, "text": %(condition_title)s,
      "logic": %(gate)s
    },
    {
      "id": "inc-03", "kind": "inclusion", "text": "Written informed consent",
      "review": "The study team obtains consent"
    }
  ]
}
"""

_CASES = """{
  "$schema": "../../schema/cases.schema.json",
  "as_of": %(as_of)s,
  "base": {
    "facts": {
      "patient.age": {"a": 45}%(base)s
    },
    "expect": {"*": "pass"%(expect)s},
    "verdict": %(verdict)s
  },
  "cases": [
    {"name": "17 years", "facts": {"patient.age": {"a": 17}}, "expect": {"inc-01": "fail"}, "verdict": "not_eligible"},
    {"name": "18 years", "facts": {"patient.age": {"a": 18}}},
    {"name": "age not known", "facts": {"patient.age": null}, "expect": {"inc-01": "unknown"}}%(cases)s
  ]
}
"""

_CONDITION_CASES = """,
    {"name": "without the condition", "facts": {%(condition)s: false}, "expect": {"inc-02": "fail"},
     "verdict": "not_eligible"},
    {"name": "conditions not supplied", "facts": {%(condition)s: null}, "expect": {"inc-02": "unknown"},
     "verdict": "undetermined"}"""


_REGISTRIES: Mapping[str, tuple[str, str]] = {
    "NCT": ("[0-9]{8}", "is followed by 8 digits, such as NCT07083349"),
    "ChiCTR": ("[0-9]{10}", "is followed by 10 digits, such as ChiCTR2000029308"),
    "ISRCTN": ("[0-9]{8}", "is followed by 8 digits, such as ISRCTN15088122"),
    "jRCT": ("(?:s[0-9]{9}|[0-9]{10})", "is followed by 10 digits, or by s and 9 digits, such as jRCT2031190125"),
    "DRKS": ("[0-9]{8}", "is followed by 8 digits, such as DRKS00021145"),
    "ACTRN": ("[0-9]{14}", "is followed by 14 digits, such as ACTRN12605000143651"),
    "EUCT": ("[0-9]{12,14}", "is followed by the digits of the number without hyphens, such as EUCT20225000011200"),
    "EudraCT": ("[0-9]{12}", "is followed by the 12 digits of the number without hyphens, such as EudraCT200400044620"),
}
"""By how the numbers of a registry begin: what follows (https://www.who.int/clinical-trials-registry-platform/network)."""


class ScaffoldError(CdsError):
    """The trial can't be begun; the text says why."""


def check_number(trial_id: str) -> None:
    """Raises ScaffoldError for what is neither a registry's number nor one of a site's own: 4 to 30 letters and digits
    that do not begin as a registry's do."""
    wanted = "a registry's number, such as NCT07083349, or one of your own: 4 to 30 letters and digits"
    if not (trial_id.isascii() and trial_id.isalnum() and 4 <= len(trial_id) <= 30):
        raise ScaffoldError(f"{trial_id!r} is no number of a trial: write {wanted}")
    for start, (rest, shape) in _REGISTRIES.items():
        if trial_id.casefold().startswith(start.casefold()) and not re.fullmatch(start + rest, trial_id):
            raise ScaffoldError(f"{trial_id!r} is no number of its registry: {start} {shape}")


def new_trial(
    rules_dir: Path, catalogue: Catalogue, trial_id: str, *, condition: str | None, title: str, as_of: date
) -> tuple[Path, ...]:
    """Write `trials/<trial_id>/trial.json` and `cases.json`; the files written.

    `condition` names the fact that the trial is about; without one the gate's rule is `null`, which is never certain.
    `as_of` is the day of the cases. Raises ScaffoldError where the trial is there already, its number or title can't be
    used, or there is no such fact.
    """
    check_number(trial_id)
    entry = None if condition is None else catalogue.lookup(condition)
    if condition is not None and (entry is None or entry.type != "events"):
        events = (spec for spec in catalogue if spec.kind == "events" and spec.name.startswith("condition."))
        known = {spec.name: spec.title for spec in events}
        raise ScaffoldError(
            f"there is no condition {condition!r}; {fact_meant(condition, known) or 'add it to rules/facts'}"
        )
    if not 1 <= len(title) <= 2_000:
        raise ScaffoldError("the title may have 1 to 2,000 characters")
    folder = rules_dir / "trials" / trial_id
    if folder.exists():
        raise ScaffoldError(f"{folder} is there already")
    values = {
        "id": trial_id,
        "title": title,
        "short_title": title if len(title) <= 60 else title[:59].rstrip() + "…",
        "url": f"https://clinicaltrials.gov/study/{trial_id}",
        "condition": condition,
        "condition_title": "The condition that the trial is about" if entry is None else entry.title,
        "gate": None if entry is None else {"var": condition},
        "verdict": "undetermined" if entry is None else "likely_eligible",
        "as_of": as_of.isoformat(),
    }
    written = {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}
    # Without a condition the gate's rule is never certain. Every other criterion is to pass, those to be added as well.
    written["expect"] = ', "inc-02": "unknown"' if entry is None else ""
    written["base"] = "" if entry is None else f",\n      {written['condition']}: true"
    written["cases"] = "" if entry is None else _CONDITION_CASES % written
    folder.mkdir(parents=True)
    files = {folder / "trial.json": _TRIAL, folder / "cases.json": _CASES}
    for path, text in files.items():
        path.write_text(text % written, encoding="utf-8")
    return tuple(files)
