"""`site.json`: where a site is, in which zone its clocks go, which languages its charts are in, how it orders tests."""

import re
import zoneinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from cds_service.facts.catalogue import Code
from cds_service.rule_files import nearest
from cds_service.site.countries import COUNTRIES, MISTAKEN

SITE_FILE = "site.json"

# RFC 5646, section 2.1: language, extended language, script, region, variants; then extensions and private use.
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)


def _country(code: str) -> str:
    if code not in COUNTRIES:
        near = MISTAKEN.get(code.upper()) or (code.upper() if code.upper() in COUNTRIES else "")
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"{code!r} is no country's code of two capital letters (ISO 3166-1){hint}")
    return code


def _time_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        known = zoneinfo.available_timezones()
        if not known:
            raise ValueError(
                f"whether {name!r} is a time zone can't be told: this machine has no time zones (package tzdata)"
            ) from None
        hint = nearest(name, known)
        raise ValueError(
            f"{name!r} is no time zone of the IANA database, such as Europe/Berlin{'; ' if hint else ''}{hint}"
        ) from None
    return name


def is_language(tag: str) -> bool:
    """Whether it is a language tag of BCP 47, such as de or zh-Hans."""
    return _LANGUAGE.fullmatch(tag) is not None


def _languages(tags: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for tag in tags:
        if not is_language(tag):
            raise ValueError(f"{tag!r} is no language tag of BCP 47, such as de or zh-Hans")
        if tag.casefold() in seen:
            raise ValueError(f"{tag!r} stands here twice")
        seen.add(tag.casefold())
    return tags


def _orderable(code: Code) -> Code:
    # As FHIR has it, or no draft with it would be valid: https://hl7.org/fhir/R4/datatypes.html#uri, #code.
    if re.search(r"\s", code.system) or re.fullmatch(r"\S+( \S+)*", code.code) is None:
        raise ValueError("a system has no blanks, and a code none at its ends nor two in a row")
    return code


class SiteSettings(BaseModel):
    """`site.json`. Whatever is left out is not set; an environment variable for the same thing goes before it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, title="SiteSettings")
    schema_: str = Field(default="", alias="$schema")
    country: Annotated[str, AfterValidator(_country), WithJsonSchema({"enum": sorted(COUNTRIES)})] | None = Field(
        default=None, description="The site's country, ISO 3166-1 alpha-2."
    )
    foreign_trials: Literal["behind", "hide"] = Field(
        default="behind",
        description="Trials without a site in `country`: behind those with one, or hidden. No effect without it.",
    )
    time_zone: Annotated[str, AfterValidator(_time_zone)] | None = Field(
        default=None, description="The zone in which the site's days begin and end: a name of the IANA database."
    )
    languages: Annotated[tuple[str, ...], AfterValidator(_languages)] = Field(
        default=(), description="The languages of its charts, the most frequent first: BCP 47."
    )
    order_codes: dict[str, Annotated[Code, AfterValidator(_orderable)]] = Field(
        default={}, description="By fact: the site's own code to order the test with, put before the standard code."
    )
