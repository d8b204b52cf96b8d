"""A value set as a person writes and reviews it: `rules/valuesets/ID.json`, a FHIR ValueSet with `compose`.

Concept lists, and `is-a` in a system whose codes say what is below them (ICD-10, ATC), expand by themselves, and so
does a `code regex` there that says how codes begin (`beginnings`). Every other filter is *sourced*: its members come
from a release of the code system (`expansions`). Several filters of one include are "and"
(https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.compose.include.filter).

Ours are `phrases` by language, `lasts` of an include (how long its diseases last when nobody enters an end, `lasting`)
and `lasts_reasons`, which says why once for all includes. The extension `urn:cds-service:text-hint`, one for each
phrase, is what older files have in place of phrases.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from cds_service.facts.catalogue.beginnings import beginnings
from cds_service.facts.catalogue.codesystems import LOINC, PREFIX_SYSTEMS, RXNORM
from cds_service.facts.catalogue.lasting import PATTERN, Lasts

TEXT_HINT = "urn:cds-service:text-hint"


class _Property(NamedTuple):
    operators: frozenset[str]
    system: str | None = None
    """The only system that has it; None: any."""


_LISTED = frozenset({"=", "in"})
_AXIS = _Property(frozenset({"=", "in", "regex"}), LOINC)
PROPERTIES: Mapping[str, _Property] = {
    "concept": _Property(frozenset({"is-a", "descendent-of", "is-not-a"})),
    "code": _Property(frozenset({"regex"})),
    "display": _Property(frozenset({"regex"})),
    "has_ingredient": _Property(_LISTED, RXNORM),
    "has_form": _Property(_LISTED | {"regex"}, RXNORM),
    "has_route": _Property(_LISTED | {"regex"}, RXNORM),
    "TTY": _Property(_LISTED, RXNORM),
    **dict.fromkeys(("COMPONENT", "PROPERTY", "SYSTEM", "SCALE_TYP", "METHOD_TYP", "TIME_ASPCT", "CLASS"), _AXIS),
}
"""What a filter may ask for, and how. LOINC's are the columns of its table, RxNorm's TTY the term type, its others
relations of a drug (https://www.nlm.nih.gov/research/umls/rxnorm/docs/appendix1.html)."""


def _one_of_them(schema: dict[str, Any]) -> None:
    schema["enum"] = sorted(PROPERTIES)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    id: str | None = None
    extension: tuple[Any, ...] = ()


class ListedConcept(_Strict):
    """A code in a list, with its name where its system is in the public domain."""

    code: str = Field(min_length=1)
    display: str = ""
    designation: tuple[Any, ...] = ()


class Filter(_Strict):
    """One condition on the codes of a system."""

    property: str = Field(min_length=1, json_schema_extra=_one_of_them)
    op: Literal["=", "is-a", "descendent-of", "is-not-a", "in", "regex"]
    value: str = Field(min_length=1, description="What `property` is compared with; several with commas for `in`.")

    @model_validator(mode="after")
    def _is_one_that_is_read(self) -> "Filter":
        known = PROPERTIES.get(self.property)
        if known is None:
            raise ValueError(f"a filter's `property` is one of {', '.join(sorted(PROPERTIES))}")
        if self.op not in known.operators:
            raise ValueError(f"`{self.property}` goes with {' and '.join(sorted(known.operators))}, not {self.op}")
        if self.op == "regex":
            try:
                re.compile(self.value)
            except (re.error, OverflowError, RecursionError) as problem:
                raise ValueError(f"no regular expression: {problem}") from None
        return self

    @cached_property
    def beginnings(self) -> tuple[str, ...]:
        """Of a `code regex` with which all codes begin that it means; none where it asks for anything else."""
        is_pattern = self.property == "code" and self.op == "regex"
        return (beginnings(self.value) or ()) if is_pattern else ()


class Part(_Strict):
    """What an include and an exclude have in common."""

    system: str | None = None
    version: str | None = None
    concept: tuple[ListedConcept, ...] = ()
    filter: tuple[Filter, ...] = Field(default=(), description="A code is meant that meets all of them.")
    value_set: tuple[str, ...] = Field(default=(), alias="valueSet", max_length=1)

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Part":
        if sum(map(bool, (self.concept, self.filter, self.value_set))) != 1:
            raise ValueError("give exactly one of `concept`, `filter` and `valueSet`")
        if bool(self.system) == bool(self.value_set):
            raise ValueError("`system` goes with `concept` and `filter`, and not with `valueSet`")
        return self

    def prefixes(self, system: str) -> tuple[str, ...]:
        """The codes whose descendants are meant, told by their first characters; none where something else is meant.
        `system` is the canonical name of the part's own."""
        if system not in PREFIX_SYSTEMS or len(self.filter) != 1:
            return ()
        only = self.filter[0]
        return (only.value,) if only.op == "is-a" else only.beginnings

    def is_sourced(self, system: str) -> bool:
        """Whether only a release of the code system can say which codes these are."""
        return bool(self.filter) and not self.prefixes(system)

    def misplaced(self, system: str) -> Iterator[tuple[int, str]]:
        """The filters, by their place, whose property this system has not, each with the only system that has it."""
        for number, one in enumerate(self.filter):
            only = PROPERTIES[one.property].system
            if only not in (None, system):
                yield number, str(only)

    @property
    def roots(self) -> tuple[str, ...]:
        """The codes that its filters themselves name as members: the root of an only `is-a`."""
        return tuple(one.value for one in self.filter if one.op == "is-a") if len(self.filter) == 1 else ()

    @property
    def filter_text(self) -> str:
        """Its filters in one spelling whatever their order: by this an expansion is found again."""
        return filter_text((one.property, one.op, one.value) for one in self.filter)


def filter_text(filters: Any) -> str:
    """Filters as (property, op, value) in canonical JSON, in order."""
    return json.dumps(sorted(map(list, filters)), ensure_ascii=False, separators=(",", ":"))


def filter_words(text: str) -> str:
    """Filters in their one spelling, as a person reads them: `concept is-a 90560007`."""
    return " and ".join(" ".join(one) for one in json.loads(text))


def _lasts(text: str) -> str:
    Lasts.parse(text)
    return text


_Lasting = Annotated[str, AfterValidator(_lasts), WithJsonSchema({"type": "string", "pattern": PATTERN})]
_HOW_LONG = (
    "How long these diseases last when nobody enters an end: `chronic`, a duration such as `P3M`, or `event`. Read in "
    "the sets of Condition facts; none is chronic."
)


class Include(Part):
    """Codes that are meant, and how long their diseases last."""

    lasts: _Lasting | None = Field(default=None, description=_HOW_LONG)
    lasts_reason: str = Field(default="", description="Why, in a few words, where `lasts_reasons` doesn't say it.")

    @model_validator(mode="after")
    def _no_reason_for_nothing(self) -> "Include":
        if self.lasts_reason and not self.lasts:
            raise ValueError("`lasts_reason` goes with `lasts`")
        if self.lasts and self.value_set:
            raise ValueError("a set that is included keeps its own `lasts`")
        return self


class Compose(_Strict):
    """Which codes a set has: those that are included and not excluded."""

    locked_date: str | None = Field(default=None, alias="lockedDate")
    inactive: Annotated[bool, Field(strict=True)] | None = None
    include: tuple[Include, ...] = Field(min_length=1)
    exclude: tuple[Part, ...] = ()

    def parts(self) -> Iterator[tuple[str, int, Part]]:
        """Every include and exclude, with the name of its element and its place in it."""
        yield from (("include", i, part) for i, part in enumerate(self.include))
        yield from (("exclude", i, part) for i, part in enumerate(self.exclude))


class Definition(BaseModel):
    """A value-set file."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)
    resource_type: Literal["ValueSet"] = Field(alias="resourceType")
    id: str = Field(min_length=1)
    url: str = ""
    title: str = ""
    copyright: str = Field(default="", description="Whose the codes are (NOTICE).")
    extension: tuple[dict[str, Any], ...] = ()
    phrases: dict[str, tuple[str, ...]] = Field(
        default={}, description="How people write it, by language (BCP 47). Words that hit a phrase are a hint."
    )
    lasts_reasons: dict[str, str] = Field(default={}, description="By `lasts` why it is so, for all its includes.")
    compose: Compose

    @field_validator("lasts_reasons")
    @classmethod
    def _are_lengths(cls, reasons: dict[str, str]) -> dict[str, str]:
        for text, reason in reasons.items():
            _lasts(text)
            if not reason:
                raise ValueError(f"{text!r} has no reason")
        return reasons

    @model_validator(mode="after")
    def _lasts_for_a_reason(self) -> "Definition":
        for index, one in enumerate(self.compose.include):
            if one.lasts and not one.lasts_reason and one.lasts not in self.lasts_reasons:
                raise ValueError(f"include {index}: why {one.lasts!r}? Give `lasts_reason`, or the set `lasts_reasons`")
        return self

    @property
    def hints(self) -> tuple[str, ...]:
        """Its phrases in all languages."""
        texts = (extension.get("valueString") for extension in self.extension if extension.get("url") == TEXT_HINT)
        listed = (phrase for phrases in self.phrases.values() for phrase in phrases)
        return (*(text for text in texts if isinstance(text, str)), *listed)


def compose_digest(compose: Any) -> str:
    """SHA-256 of a `compose` as it stands in the file, in canonical JSON: keys in order, no blanks, UTF-8."""
    text = json.dumps(compose, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# What FHIR R4 allows in a ValueSet beside the elements that are read here.
_UNREAD = [
    "meta",
    "implicitRules",
    "language",
    "text",
    "contained",
    "modifierExtension",
    "identifier",
    "version",
    "name",
    "status",
    "experimental",
    "date",
    "publisher",
    "contact",
    "description",
    "useContext",
    "jurisdiction",
    "immutable",
    "purpose",
    "expansion",
]


def value_set_schema() -> dict[str, Any]:
    """JSON Schema of a value-set file. Elements of FHIR that are not read here are allowed and not looked into."""
    schema = Definition.model_json_schema(by_alias=True)
    unread: dict[str, dict[str, Any]] = {name: {} for name in _UNREAD}
    schema["properties"] |= {"$schema": {"type": "string"}, **unread}
    return {**schema, "title": "ValueSet", "additionalProperties": False}
