"""Dates that are not in FHIR's form, where only one reading is possible: what they are in FHIR's form.

`20.11.2026`, `11/20/2026`, `2026年11月20日`, `20-NOV-2026`, `20261120`, `202611201030+0800` (HL7 v2),
`2026-11-20 10:30`, `2026-11-20 (approx.)`. `05/06/2026` may be in May or in June, so it is none; nor is text with two
dates, or with words that may move the date ("before", "until").
"""

import re
import unicodedata
from datetime import date

_LONGEST = 64
_YEARS = range(1850, 2200)
_MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jaenner janner janvier enero",
            "feb february februar fevrier febrero",
            "mar march marz maerz mars marzo",
            "apr april avril abril",
            "may mai mayo",
            "jun june juni juin junio",
            "jul july juli juillet julio",
            "aug august aout agosto",
            "sep sept september septembre septiembre",
            "oct october okt oktober octobre octubre",
            "nov november novembre noviembre",
            "dec december dez dezember decembre diciembre",
        ),
        1,
    )
    for name in names.split()
}
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
# What may stand beside a date without moving it.
_HARMLESS = re.compile(
    r"(?:approx(?:imately)?|circa|ca|about|etwa|ungefahr|est(?:imated)?|date|datum|dated|on|am|vom|le|el|of|the|at|um|uhr"
    r"|collected|drawn|taken|received|resulted|sampled|entnommen|abgenommen|采集|采样|约|左右|採取日"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|th|st|nd|rd|t|z|[,;:.()\[\]~])*",
)
_ZONE = r"(?:z|utc|[+-][0-9]{2}:?[0-9]{2})?"
_TIME = re.compile(
    r"\s*(?:t|,|at|um|@)?\s*(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?\s*(?:[ap]\.?m\.?)?\s*" + _ZONE
)
_BLANK_FOR_T = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})\s+([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)\s*(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_V2 = re.compile(
    r"(?P<day>[0-9]{8})(?:(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
    r"(?P<zone>[+-][0-9]{4})?"
)
_FORMS = (
    re.compile(r"(?P<y>[0-9]{4})\s*(?P<mark>[-/.])\s*(?P<m>[0-9]{1,2})\s*(?P=mark)\s*(?P<d>[0-9]{1,2})"),
    re.compile(r"(?P<y>[0-9]{4})\s*年\s*(?P<m>[0-9]{1,2})\s*月\s*(?P<d>[0-9]{1,2})\s*[日号]"),
    re.compile(rf"(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?[\s.\-/]*(?P<name>{_NAME})[\s.,\-/]*(?P<y>[0-9]{{4}})"),
    re.compile(rf"(?P<name>{_NAME})[\s.\-/]*(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?[\s.,\-/]+(?P<y>[0-9]{{4}})"),
    re.compile(rf"(?P<y>[0-9]{{4}})[\s.\-/]*(?P<name>{_NAME})[\s.\-/]*(?P<d>[0-9]{{1,2}})"),
    re.compile(r"(?P<first>[0-9]{1,2})\s*(?P<mark>[-/.])\s*(?P<second>[0-9]{1,2})\s*(?P=mark)\s*(?P<y>[0-9]{4})"),
)


def fhir_form(text: str) -> str | None:
    """A date or time that is not in FHIR's form, in FHIR's form; `None` where it is none, or may be two."""
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).strip()
    moment = _BLANK_FOR_T.fullmatch(plain)
    if moment is not None:
        return f"{moment[1]}T{moment[2]}{moment[3] or ''}"
    stamp = _V2.fullmatch(plain)
    if stamp is not None:
        return _of_stamp(stamp)
    return _within(_folded(plain))


def _of_stamp(stamp: re.Match[str]) -> str | None:
    day = stamp["day"]
    found = _day(day[:4], day[4:6], day[6:])
    if found is None or stamp["hour"] is None:
        return found if stamp["zone"] is None else None
    zone = stamp["zone"] or ""
    second = f":{stamp['second']}" if stamp["second"] else ""
    return f"{found}T{stamp['hour']}:{stamp['minute']}{second}{zone[:3]}{':' if zone else ''}{zone[3:]}"


def _within(text: str) -> str | None:
    """The one date that stands in a text, where nothing beside it may move it."""
    for form in _FORMS:
        found = form.search(text)
        if found is None:
            continue
        before, behind = text[: found.start()], text[found.end() :]
        if before[-1:].isalnum() or behind[:1].isdigit():
            return None
        time = _TIME.match(behind)
        rest = f"{before} {behind if time is None else behind[time.end() :]}"
        if _HARMLESS.fullmatch(rest.replace(" ", "")) is None:
            return None
        parts = found.groupdict()
        if "first" in parts:
            return _of_two(found["first"], found["second"], found["y"])
        return _day(found["y"], str(_MONTHS[found["name"]]) if parts.get("name") else found["m"], found["d"])
    return None


def _of_two(first: str, second: str, year: str) -> str | None:
    """Day and month in either order, where the calendar allows one of them alone."""
    found = {_day(year, second, first), _day(year, first, second)} - {None}
    return found.pop() if len(found) == 1 else None


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat() if int(year) in _YEARS else None
    except ValueError:
        return None


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not "\u0300" <= c <= "\u036f"))
