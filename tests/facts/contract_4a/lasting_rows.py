"""How long conditions last, and which of several statements decides, as tables: see test_lasting and test_statements.

The day asked about is 1 June 2026. What is expected: whether the patient has it, has it actively, ever had it, and had it
within the last 4 weeks (from 4 May on).
"""

from tests.facts.lasting import LISTED, VISIT, entry
from tests.facts.records import Json
from tests.facts.small_rules import ICD10CM, SNOMED

YES, NO, OPEN = "yes", "no", "unknown"
PNEUMONIA, DIABETES, STROKE = "233604007", "73211009", "230690007"

# what the entry says, and: has it, active, ever, within 4 weeks (from 4 May on)
ROWS: dict[str, tuple[str, Json, tuple[str, str, str, str]]] = {
    # ------------------------------------------------------------ a disease of three months: pneumonia
    "a visit last week": (PNEUMONIA, {"onsetDateTime": "2026-05-25", **VISIT}, (YES, YES, YES, YES)),
    "a visit of 2023 is over": (PNEUMONIA, {"onsetDateTime": "2023-05-25", **VISIT}, (NO, NO, YES, NO)),
    "a visit before the window: it may have lasted": (PNEUMONIA, {"onsetDateTime": "2026-05-03", **VISIT}, (YES, YES, YES, OPEN)),
    "a visit on the first day of the window": (PNEUMONIA, {"onsetDateTime": "2026-05-04", **VISIT}, (YES, YES, YES, YES)),
    "its assumed end is the first day of the window": (PNEUMONIA, {"onsetDateTime": "2026-02-04", **VISIT}, (NO, NO, YES, OPEN)),
    "its assumed end is the day before the window": (PNEUMONIA, {"onsetDateTime": "2026-02-03", **VISIT}, (NO, NO, YES, NO)),
    "the problem list of 2023": (PNEUMONIA, {"onsetDateTime": "2023-05-25", **LISTED}, (OPEN, OPEN, YES, OPEN)),
    "no category but active, of 2023": (PNEUMONIA, {"onsetDateTime": "2023-05-25"}, (OPEN, OPEN, YES, OPEN)),
    "a health concern is kept like a problem": (PNEUMONIA, {"onsetDateTime": "2023-05-25", "category": [{"coding": [{"code": "encounter-diagnosis"}, {"code": "health-concern"}]}]}, (OPEN, OPEN, YES, OPEN)),
    "on both lists": (PNEUMONIA, {"onsetDateTime": "2023-05-25", "category": [{"coding": [{"code": "encounter-diagnosis"}]}, {"coding": [{"code": "problem-list-item"}]}]}, (OPEN, OPEN, YES, OPEN)),
    "no onset: from the day of record": (PNEUMONIA, {"recordedDate": "2026-05-25", **LISTED}, (YES, YES, YES, YES)),
    "no onset, recorded in 2023, a visit": (PNEUMONIA, {"recordedDate": "2023-05-25", **VISIT}, (NO, NO, YES, NO)),
    "no onset, recorded in 2023, a problem": (PNEUMONIA, {"recordedDate": "2023-05-25", **LISTED}, (OPEN, OPEN, YES, OPEN)),
    "no date at all": (PNEUMONIA, {**LISTED}, (OPEN, OPEN, YES, OPEN)),
    "no date at all, a visit": (PNEUMONIA, {**VISIT}, (OPEN, OPEN, YES, OPEN)),
    "an onset in words, recorded": (PNEUMONIA, {"onsetString": "some days ago", "recordedDate": "2026-05-25"}, (YES, YES, YES, YES)),
    "an onset in some month of a year": (PNEUMONIA, {"onsetDateTime": "2026", **VISIT}, (OPEN, OPEN, YES, OPEN)),
    "an onset in a month that may be over": (PNEUMONIA, {"onsetDateTime": "2026-03", **VISIT}, (YES, YES, YES, OPEN)),
    "an end on record goes before": (PNEUMONIA, {"onsetDateTime": "2023-05-25", "abatementDateTime": "2026-05-20", **VISIT}, (NO, NO, YES, YES)),
    "an end that is still to come goes before": (PNEUMONIA, {"onsetDateTime": "2023-05-25", "abatementDateTime": "2026-08-01", **VISIT}, (YES, YES, YES, YES)),
    "resolved, nobody wrote when": (PNEUMONIA, {"onsetDateTime": "2023-05-25", "clinicalStatus": "resolved", **LISTED}, (NO, NO, YES, OPEN)),
    "a visit, resolved, nobody wrote when": (PNEUMONIA, {"onsetDateTime": "2023-05-25", "clinicalStatus": "resolved", **VISIT}, (NO, NO, YES, NO)),
    "inactive within its duration": (PNEUMONIA, {"onsetDateTime": "2026-05-25", "clinicalStatus": "inactive", **LISTED}, (YES, NO, YES, YES)),
    "inactive past its duration": (PNEUMONIA, {"onsetDateTime": "2023-05-25", "clinicalStatus": "inactive", **LISTED}, (OPEN, NO, YES, OPEN)),
    # ------------------------------------------------------------ chronic: diabetes
    "a visit of 2003 is the disease": (DIABETES, {"onsetDateTime": "2003-05-25", **VISIT}, (YES, YES, YES, YES)),
    "a visit without a date": (DIABETES, {**VISIT}, (YES, YES, YES, YES)),
    "inactive: on record, not active": (DIABETES, {"clinicalStatus": "inactive", "onsetDateTime": "2003-05-25"}, (YES, NO, YES, OPEN)),
    # ------------------------------------------------------------ an event: stroke
    "a stroke last week": (STROKE, {"onsetDateTime": "2026-05-25", **LISTED}, (YES, NO, YES, YES)),
    "a stroke today": (STROKE, {"onsetDateTime": "2026-06-01", **LISTED}, (YES, YES, YES, YES)),
    "on the first day of the window": (STROKE, {"onsetDateTime": "2026-05-04", **VISIT}, (YES, NO, YES, YES)),
    "on the day before the window": (STROKE, {"onsetDateTime": "2026-05-03", **VISIT}, (YES, NO, YES, NO)),
    "felt for three months": (STROKE, {"onsetDateTime": "2026-03-01", **VISIT}, (YES, NO, YES, NO)),
    "and no day longer": (STROKE, {"onsetDateTime": "2026-02-28", **VISIT}, (OPEN, NO, YES, NO)),
    "active on the problem list since 2010": (STROKE, {"onsetDateTime": "2010-05-25", **LISTED}, (OPEN, NO, YES, NO)),
    "called a relapse, and on its day all the same": (STROKE, {"onsetDateTime": "2010-05-25", "clinicalStatus": "relapse"}, (OPEN, NO, YES, NO)),
    "resolved, and on its day all the same": (STROKE, {"onsetDateTime": "2026-05-25", "clinicalStatus": "resolved"}, (NO, NO, YES, YES)),
    "a visit without onset: on its day of record": (STROKE, {"recordedDate": "2026-05-25", **VISIT}, (YES, NO, YES, YES)),
    "an old visit without onset": (STROKE, {"recordedDate": "2019-05-25", **VISIT}, (OPEN, NO, YES, NO)),
    "a problem without onset: some day up to then": (STROKE, {"recordedDate": "2026-05-25", **LISTED}, (OPEN, NO, YES, OPEN)),
    "a problem without onset, recorded long ago": (STROKE, {"recordedDate": "2019-05-25", **LISTED}, (OPEN, NO, YES, NO)),
    "a visit with an onset in words: some day up to then": (STROKE, {"recordedDate": "2026-05-25", "onsetString": "in his youth", **VISIT}, (OPEN, NO, YES, OPEN)),
    "without any date it happened, when is not known": (STROKE, {**LISTED}, (OPEN, OPEN, YES, OPEN)),
    "it happened no later than it ended": (STROKE, {"abatementDateTime": "2019-05-25"}, (NO, NO, YES, NO)),
    "in some month of this year": (STROKE, {"onsetDateTime": "2026", **LISTED}, (OPEN, OPEN, YES, OPEN)),
    "provisional, of last week": (STROKE, {"onsetDateTime": "2026-05-25", "verificationStatus": {"coding": [{"code": "provisional"}]}}, (OPEN, NO, OPEN, OPEN)),
    "provisional, of 2010": (STROKE, {"onsetDateTime": "2010-05-25", "verificationStatus": {"coding": [{"code": "provisional"}]}}, (OPEN, NO, OPEN, NO)),
    # ------------------------------------------------------------ "status post": before the entry
    "history of stroke, recorded long ago": ("275526006", {"recordedDate": "2019-05-25"}, (NO, NO, YES, NO)),
    "history of stroke, recorded last week": ("275526006", {"recordedDate": "2026-05-25"}, (NO, NO, YES, OPEN)),
    "history of stroke, a visit of last week": ("275526006", {"recordedDate": "2026-05-25", **VISIT}, (NO, NO, YES, OPEN)),
    "history of stroke without a date": ("275526006", {}, (NO, NO, YES, OPEN)),
}  # fmt: skip

# a visit's diagnosis, and the Encounter it belongs to (period, status); has it, active, ever, within 4 weeks
VISITS: dict[str, tuple[str, Json, tuple[str, str, str, str]]] = {
    "a stroke at a visit of last week": (STROKE, {"period": {"start": "2026-05-25", "end": "2026-05-25"}}, (YES, NO, YES, YES)),
    "a stroke at a visit of 2019": (STROKE, {"period": {"start": "2019-05-25", "end": "2019-05-25"}}, (OPEN, NO, YES, NO)),
    "on some day of a long stay": (STROKE, {"period": {"start": "2026-04-20", "end": "2026-05-10"}}, (YES, NO, YES, OPEN)),
    "the first day of a visit without end": (STROKE, {"period": {"start": "2026-05-03"}}, (YES, NO, YES, NO)),
    "a stay that goes on": (STROKE, {"period": {"start": "2026-05-03"}, "status": "in-progress"}, (YES, OPEN, YES, OPEN)),
    "a cancelled visit says nothing": (STROKE, {"period": {"start": "2019-05-25"}, "status": "cancelled"}, (OPEN, OPEN, YES, OPEN)),
    "one with a status that FHIR does not know": (STROKE, {"period": {"start": "2019-05-25"}, "status": "finishd"}, (OPEN, OPEN, YES, OPEN)),
    "one without a period": (STROKE, {}, (OPEN, OPEN, YES, OPEN)),
    "pneumonia at a visit of 2023": (PNEUMONIA, {"period": {"start": "2023-05-25", "end": "2023-05-28"}}, (NO, NO, YES, NO)),
    "pneumonia at a visit of last week": (PNEUMONIA, {"period": {"start": "2026-05-25", "end": "2026-05-28"}}, (YES, YES, YES, YES)),
}  # fmt: skip


def sle(recorded_on: str | None, status: str | None = "active", code: str = "M32.9", **says: object) -> Json:
    dated = {} if recorded_on is None else {"recordedDate": recorded_on}
    return entry(code, ICD10CM if "." in code else SNOMED, clinicalStatus=status, **{**dated, **says})


ENTRIES: dict[str, tuple[list[Json], tuple[str, str]]] = {
    "active, later in remission": ([sle("2024-01-01"), sle("2025-01-01", "remission")], (YES, NO)),
    "in remission, later active": ([sle("2024-01-01", "remission"), sle("2025-01-01")], (YES, YES)),
    "in remission, later a relapse": ([sle("2024-01-01", "remission"), sle("2025-01-01", "relapse")], (YES, YES)),
    "active, later inactive": ([sle("2024-01-01"), sle("2025-01-01", "inactive")], (YES, NO)),
    "active, later resolved": ([sle("2024-01-01"), sle("2025-01-01", "resolved")], (NO, NO)),
    "active, later abated": ([sle("2024-01-01"), sle("2025-01-01", None, abatementDateTime="2024-12-01")], (NO, NO)),
    "resolved, later active": ([sle("2024-01-01", "resolved"), sle("2025-01-01")], (YES, YES)),
    "a visit after the remission": ([sle("2024-01-01", "remission"), sle("2025-01-01", **VISIT)], (YES, YES)),
    "a visit before the remission": ([sle("2025-01-01", "remission"), sle("2024-01-01", **VISIT)], (YES, NO)),
    "the same day: not known": ([sle("2025-01-01"), sle("2025-01-01", "remission")], (YES, OPEN)),
    "a day within the year of the other": ([sle("2025-06-01"), sle("2025", "remission")], (YES, OPEN)),
    "neither has a date": ([sle(None), sle(None, "remission")], (YES, OPEN)),
    "the active one has no date": ([sle(None), sle("2025-01-01", "remission")], (YES, OPEN)),
    "the other has no date": ([sle("2025-01-01"), sle(None, "remission")], (YES, OPEN)),
    "resolved without a date: not known": ([sle("2025-01-01"), sle(None, "resolved")], (OPEN, OPEN)),
    "by onset where nobody wrote when it was recorded": ([sle(None, onsetDateTime="2024-01-01"), sle(None, "remission", onsetDateTime="2025-01-01")], (YES, NO)),
    "the day of record goes before the onset": ([sle("2026-01-01", onsetDateTime="2010"), sle("2025-01-01", "remission", onsetDateTime="2020")], (YES, YES)),
    "over before this one began: another time": ([sle("2024-01-01", onsetDateTime="2024-01-01"), sle("2025-01-01", "resolved", onsetDateTime="2010-01-01", abatementDateTime="2011-01-01")], (YES, YES)),
    "a descendant of the code": ([sle("2024-01-01", code="M32.1"), sle("2025-01-01", "remission", code="M32.14")], (YES, NO)),
    "an ancestor of the code": ([sle("2024-01-01", code="M32.14"), sle("2025-01-01", "remission", code="M32.1")], (YES, NO)),
    "a sibling is another disease": ([sle("2024-01-01", code="M32.13"), sle("2025-01-01", "remission", code="M32.14")], (YES, YES)),
    "the same code of SNOMED CT": ([sle("2024-01-01", code="55464009"), sle("2025-01-01", "remission", code="55464009")], (YES, NO)),
    "codes of two systems cannot be compared": ([sle("2024-01-01"), sle("2025-01-01", "remission", code="55464009")], (YES, YES)),
    "a newer one that is not certain": ([sle("2024-01-01"), sle("2025-01-01", "remission", verificationStatus={"coding": [{"code": "provisional"}]})], (YES, OPEN)),
}  # fmt: skip

# what is on record of the leukaemia: "relapsed or refractory" (NCT06027853, inc-02b)
RELAPSE_2025 = entry("C92.02", ICD10CM, clinicalStatus=None, recordedDate="2025-01-01", id="a")
RELAPSES: dict[str, tuple[list[Json], str]] = {
    "in relapse": ([entry("C92.02", ICD10CM, recordedDate="2026-01-01", **LISTED)], "pass"),
    "in relapse at a visit": ([entry("C92.02", ICD10CM, clinicalStatus=None, recordedDate="2026-01-01", **VISIT)], "pass"),
    "in relapse, marked as in remission": ([entry("C92.02", ICD10CM, clinicalStatus="remission")], "unknown"),
    "a relapse, then a remission by another code": (
        [
            entry("C92.02", ICD10CM, clinicalStatus=None, recordedDate="2025-01-01", id="a"),
            entry("C92.01", ICD10CM, clinicalStatus=None, recordedDate="2026-01-01", id="b"),
        ],
        "unknown",
    ),
    "a remission, then a relapse": (
        [
            entry("C92.01", ICD10CM, clinicalStatus=None, recordedDate="2025-01-01", id="a"),
            entry("C92.02", ICD10CM, clinicalStatus=None, recordedDate="2026-01-01", id="b"),
        ],
        "pass",
    ),
    "neither": ([entry("C92.00", ICD10CM, recordedDate="2026-01-01")], "unknown"),
    "a relapse, then a remission in another system": ([RELAPSE_2025, entry("91860005", SNOMED, clinicalStatus=None, recordedDate="2026-01-01", id="b")], "unknown"),
    "a relapse, then a remission of another kind of AML": ([RELAPSE_2025, entry("C92.51", ICD10CM, clinicalStatus=None, recordedDate="2026-01-01", id="b")], "unknown"),
    "a relapse, then the leukaemia marked as in remission": ([RELAPSE_2025, entry("91861009", SNOMED, clinicalStatus="remission", recordedDate="2026-01-01", id="b")], "unknown"),
    "a relapse, then a remission of a leukaemia that may be it": ([RELAPSE_2025, entry("94716000", SNOMED, clinicalStatus=None, recordedDate="2026-01-01", id="b")], "unknown"),
    "a relapse, then a remission without a date": ([RELAPSE_2025, entry("91860005", SNOMED, clinicalStatus=None, id="b")], "unknown"),
    "a relapse, then a provisional remission": ([RELAPSE_2025, entry("91860005", SNOMED, clinicalStatus=None, recordedDate="2026-01-01", id="b", verificationStatus={"coding": [{"code": "provisional"}]})], "unknown"),
    "a remission in another system before the relapse": ([RELAPSE_2025, entry("91860005", SNOMED, clinicalStatus=None, recordedDate="2024-01-01", id="b")], "pass"),
    "a relapse, a remission, a relapse again": ([RELAPSE_2025, entry("91860005", SNOMED, clinicalStatus=None, recordedDate="2025-06-01", id="b"), entry("C92.02", ICD10CM, clinicalStatus=None, recordedDate="2026-01-01", id="c")], "pass"),
    "a remission that is refuted": ([RELAPSE_2025, entry("91860005", SNOMED, clinicalStatus=None, recordedDate="2026-01-01", id="b", verificationStatus={"coding": [{"code": "refuted"}]})], "pass"),
    "a remission of another leukaemia": ([RELAPSE_2025, entry("C91.01", ICD10CM, clinicalStatus=None, recordedDate="2026-01-01", id="b")], "pass"),
    "an active leukaemia written later says nothing": ([RELAPSE_2025, entry("91861009", SNOMED, recordedDate="2026-01-01", id="b")], "pass"),
}  # fmt: skip
