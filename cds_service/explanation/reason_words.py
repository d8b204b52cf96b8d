"""Why something is not known, in words."""

from collections.abc import Mapping

REASON_WORDS: Mapping[str, str] = {
    "not_supplied": "not sent",
    "no_result": "no result on record",
    "too_old": "too old",
    "unit_not_understood": "its unit is not understood",
    "no_reference_range": "no reference range",
    "other_method": "measured by another method",
    "value_not_understood": "its value is not understood",
    "implausible": "not plausible, its unit may be wrong",
    "incomplete_record": "the record is incomplete",
    "uncoded_mention": "mentioned without a code",
    "unread_entry": "an entry that may say so is not understood",
    "unconfirmed": "entered but not confirmed",
    "malformed_entry": "an entry that may say so could not be read",
    "undated": "without a date",
    "indeterminate": "indeterminate",
    "conflicting_results": "the results contradict each other",
    "on_oxygen": "measured with oxygen",
    "may_be_over": "may be over",
    "after_transfusion": "measured soon after a transfusion or growth factor",
    "exception": "its source makes an exception, which may apply",
    "source_gap": "its source does not say all that it asks",
}
"""Each reason of a fact (`facts.fact.Reason`), of a criterion and of a trial."""


def reason_words(reason: str) -> str:
    """A reason as people say it."""
    return REASON_WORDS.get(reason, reason.replace("_", " "))
