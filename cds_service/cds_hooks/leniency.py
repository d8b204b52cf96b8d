"""Leniency: deviations from the specification that are forgiven, because no answer depends on them.

`DEVIATIONS` is the table. Whoever reads a request asks its `Leniency` whether one of them is forgiven, which also notes
that it was; with `CDS_STRICT=true` nothing is, and the request is refused where it deviates.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from structlog.typing import FilteringBoundLogger


@dataclass(frozen=True, slots=True)
class Deviation:
    """One row: its `name` in the log and in metrics, `what` is sent, and how it is `read`, in words."""

    name: str
    what: str
    read: str


SLASH_AT_END = Deviation("slash_at_end", "an address with `/` at its end", "as the address without it")
GZIP = Deviation("gzip", "a body with `Content-Encoding: gzip`", "unpacked; 413 where that is too large")
DAMAGED_JSON = Deviation(
    "damaged_json",
    "a value that JSON does not have, within a resource or a feedback item: half an emoji, bytes that are not UTF-8, "
    "`NaN`, `Infinity`, nesting without end",
    "the resource is malformed where the element is read; everything else stands",
)
NO_USER = Deviation("no_user", "no `context.userId`", "nobody")
USER_FORM = Deviation("user_form", "`context.userId` without a type, or absolute", "as it is; nothing rests on it")
PLAIN_INSTANCE = Deviation("plain_instance", "`hookInstance` without hyphens", "with hyphens")
PATIENT_REFERENCE = Deviation("patient_reference", "`Patient/` before `context.patientId`", "the id behind it")
NO_EXPIRY = Deviation("no_expiry", "`fhirAuthorization` without `expires_in`", "good for this request")
EXPIRY_AS_TEXT = Deviation("expiry_as_text", "`fhirAuthorization.expires_in` as text", "as the number in it")
NO_SCOPE = Deviation("no_scope", "`fhirAuthorization` without `scope`", "the FHIR server decides")
NO_SUBJECT = Deviation("no_subject", "`fhirAuthorization` without `subject`", "nobody")
BARE_ENTRY = Deviation("bare_entry", "a resource in `Bundle.entry` without `resource` around it", "as an entry")
EMPTY_LIST = Deviation("empty_list", "`[]` under a prefetch key that is not required", "as a Bundle without entries")
BAD_ITEM = Deviation(
    "bad_feedback_item", "a feedback item that is none, beside others", "not kept; the answer names its place"
)
UTC_TIME = Deviation("utc_time", "`outcomeTimestamp` with `UTC` behind it (`…Z UTC`, `…Z[UTC]`)", "in UTC")
REASON_AS_TEXT = Deviation(
    "reason_as_text", "`overrideReason` as text", "a code where it is one word, else the clinician's comment"
)
SUGGESTION_UUID = Deviation("suggestion_uuid", "`acceptedSuggestions` with `uuid` for `id`", "as the id")

DEVIATIONS: tuple[Deviation, ...] = (
    SLASH_AT_END,
    GZIP,
    DAMAGED_JSON,
    NO_USER,
    USER_FORM,
    PLAIN_INSTANCE,
    PATIENT_REFERENCE,
    NO_EXPIRY,
    EXPIRY_AS_TEXT,
    NO_SCOPE,
    NO_SUBJECT,
    BARE_ENTRY,
    EMPTY_LIST,
    BAD_ITEM,
    UTC_TIME,
    REASON_AS_TEXT,
    SUGGESTION_UUID,
)


@dataclass(frozen=True, slots=True)
class AcceptedForm:
    """Another form of a text than the specified one: the pattern that all of it matches, and the text it is read as."""

    deviation: Deviation
    pattern: re.Pattern[str]
    read_as: Callable[[str], str] = field(default=str, repr=False)


@dataclass(slots=True)
class Leniency:
    """The deviations that one request is forgiven: all of the table or, where it `is_strict`, none. `noted` counts."""

    is_strict: bool = False
    noted: Counter[str] = field(default_factory=Counter)

    def forgives(self, deviation: Deviation, times: int = 1) -> bool:
        """Whether that is forgiven; what is asked for and forgiven is noted."""
        if self.is_strict:
            return False
        self.noted[deviation.name] += times
        return True

    def reads(self, text: str, forms: tuple[AcceptedForm, ...]) -> str | None:
        """The text in the form that was asked for; `None` where it is in none of these others."""
        for form in forms:
            if form.pattern.fullmatch(text) and self.forgives(form.deviation):
                return form.read_as(text)
        return None


class LeniencyMeter(Protocol):
    """Counts forgiven deviations."""

    def forgiven(self, client: str | None, deviations: Mapping[str, int]) -> None: ...


class Forgiving:
    """Gives every request its `Leniency`; logs and counts what each was forgiven."""

    def __init__(self, log: FilteringBoundLogger, meter: LeniencyMeter, *, is_strict: bool) -> None:
        self._log = log
        self._meter = meter
        self._is_strict = is_strict

    def for_request(self) -> Leniency:
        return Leniency(self._is_strict)

    @contextmanager
    def reported(self, leniency: Leniency, client: str | None) -> Iterator[None]:
        """Tells what was noted by the end, whatever that is: also of a request that is refused for something else."""
        try:
            yield
        finally:
            if leniency.noted:
                self._log.info("request_forgiven", client=client, forgiven=dict(leniency.noted))
                self._meter.forgiven(client, leniency.noted)
