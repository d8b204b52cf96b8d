"""What can be wrong in the catalogue, the value sets and the tables beside them, by its stable code."""

from cds_service.errors import Finding, Severity
from cds_service.facts.fact import Reason
from cds_service.rule_files import is_of_a_site

FINDINGS: dict[str, str] = {
    "fact-file-invalid": 'A fact file holds `{"facts": [...]}` (and may name its `$schema`), nothing else.',
    "fact-unknown-kind": "A fact has no `kind`, or one that there is not. The fact is left out.",
    "fact-duplicate-name": "Two facts have the same name. The later one is left out.",
    "fact-name-taken": "A fact's name is reserved or continues the name of another fact.",
    "fact-unknown-part": "A fact refers to a fact that the catalogue has not (or that is of the wrong kind).",
    "fact-formula-parts": "The parts of a derived fact are not what its formula reads. The fact is left out.",
    "fact-circular": "A fact is made from itself, directly or through others. It is left out.",
    "fact-unknown-valueset": "A fact names a value set for which there is no usable file. The fact is left out.",
    "fact-without-plausible": "A number has no `plausible` range, so no slip of its unit is noticed (docs/facts.md).",
    "fact-unknown-route": "A fact names a drug route that `facts/routes.json` has not.",
    "valueset-duplicate-id": "Two value sets have the same id or url. The later one is left out.",
    "valueset-unknown-system": "A code system is none of those in `facts/systems.json`.",
    "valueset-unknown-import": "A value set includes one that does not exist. The including one is left out.",
    "valueset-import-depth": "A value set that is included includes another. Only one level is read.",
    "valueset-filter-system": "A filter asks for a property that the code system has not (docs/terminology.md).",
    "valueset-expansion-unreadable": "The expansion of a set is damaged, gone, or not the one that `terminology.lock` "
    "names. Roots, lists and prefixes count; any other code of its systems is unread for the set. Compile it again.",
    "valueset-expansion-stale": "A definition has changed since it was expanded. `cds-service codes compile`.",
    "valueset-expansion-missing": "A filter has no expansion yet: its root alone counts, and any other code of the "
    "system that the set does not list is unread for it. `cds-service codes compile`, or list the codes.",
    "valueset-expansion-unused": "An expansion belongs to no value set. Nothing follows from it.",
    "valueset-roots": "Roots are given for a list that is another one now: it stays a list (`codes migrate --roots`).",
    "terminology-lock-unreadable": "`terminology.lock` is no lock file. No expansion is checked against it.",
    "valueset-lasts-missing": "A set of diseases doesn't say how long they last: chronic is meant. Give `lasts`.",
    "conceptmap-invalid": "The concept map is not of the form that is read here. It is left out.",
    "conceptmap-equivalence": "Only equal, equivalent, wider and subsumes let a site code stand for another (R5: "
    "equivalent, source-is-narrower-than-target), and only by itself. Narrower or related is a hint at most.",
    "conceptmap-bad-code": "A code of a map is none of its system: its form or its check digit is wrong.",
    "conceptmap-unknown-system": "A map leads to a code system that is not read. Nothing follows from the group.",
    "conceptmap-chain": "A map leads to a code that is mapped itself. Only one step is made: name the last code.",
    "conceptmap-contradiction": "Two maps of a code can't both be right. What they lead to is a hint at most.",
    "conceptmap-standard-source": "A code that facts read as it is can't be mapped to another. The map is left out.",
    "conceptmap-not-read": "A part of a FHIR ConceptMap that is not read here: nothing follows from it.",
    "conceptmap-shape": "A rule for codes by their shape is not of the form that docs/site.md shows. It is left out.",
    "system-alias-taken": "An alias is another system's own name, or the file gives it to two. It is left out.",
    "table-invalid": "A table beside the facts contradicts itself: a route that it has not, a word with two answers.",
    "icd-unreadable": "The table of ICD-9-CM's equivalents cannot be read: its codes, and ICD-10-PCS, are unread.",
    "words-unreadable": "A list of words is cut short or no UTF-8 text. It counts for nothing; more is unread.",
    "lexicon-not-folded": "A word stands in a list in another form than words are compared in, and is never found.",
    "unit-spelling-conflict": "A spelling stands for two units of one fact with different factors: never understood.",
}
"""Stable code -> what it means and how to mend it."""

NEVER_STOPS = frozenset({"valueset-expansion-unreadable", "terminology-lock-unreadable", "icd-unreadable"})
"""Codes of errors with which a service still starts: what they are about is unread, and every answer says so."""

SITE_FINDINGS: dict[str, str] = {
    "no-site-folder": "`CDS_SITE_DIR` names a folder that is not there. Nothing of the site counts.",
    "site-unknown-file": "A file of a site's folder is none of those that are read. Nothing follows from it.",
    "site-no-country": "Says what becomes of trials abroad, and not which country is home.",
    "site-order-unused": "An order code is given for a fact that is not, or that no card suggests to order.",
    "conceptmap-target-unread": "No value set and no fact holds the code that a map leads to: nothing follows from it.",
    "phrase-empty": "A phrase has no word in it. It is left out.",
    "phrase-everyday": "A phrase is one everyday word, which stands in charts that have nothing to do with it.",
    "phrase-not-found": "With the phrase its own words would still not be understood: they are too many.",
    "phrase-unknown-valueset": "Phrases are given for a value set that there is not. They are left out.",
    "phrase-contradicts": "A phrase is given as `harmless` and as one that names a value set. It is not harmless.",
    "phrase-of-another-set": "A name of another set, which a trial reads, holds the phrase: both are named by it.",
}
"""What can be wrong in a site's folder besides: stable code -> what it means and how to mend it."""

ISSUE_CODES: dict[str, str] = {
    "planned_result": "A result is dated after the moment that is asked about. It is only planned and does not count.",
    "unit_not_understood": "A result's unit is not among those of the fact; the fact is unknown.",
    "value_not_understood": "A result's value is not understood; the fact is unknown.",
    "implausible": "A result's value is none of a living person: mostly its unit is wrong; the fact is unknown.",
    "no_information": "An entry or a list says that nothing is known of a kind: nothing of it is presumed absent.",
    "unread_type": "A resource of a type that is not read may hold an entry of a kind: none of it is presumed absent.",
    "none_beside_entries": "An entry says that there is none, beside entries of the kind; the entries count.",
}
"""The codes of the issues that the facts add to those of reading a record."""


REASONS: dict[Reason, str] = {
    "no_result": "Nothing is on record, though everything of that kind was supplied; or only results without a value.",
    "not_supplied": "That kind of resource was not supplied at all.",
    "incomplete_record": "It was supplied in part, or something in it that may matter could not be read.",
    "too_old": "There is evidence, older than the fact or the criterion allows.",
    "undated": "There is evidence without a date, where its age matters.",
    "unit_not_understood": "The newest value is in a unit that the fact doesn't list, or in none.",
    "value_not_understood": "The newest value is unreadable, impossible, contradicts itself or has no known status.",
    "implausible": "The newest value lies outside what a living person can have: mostly its unit is wrong.",
    "no_reference_range": "The observation gives no limit of normal that certainly applies, or contradicts itself.",
    "other_method": "It was measured or computed in another way than is asked for, and in no other.",
    "indeterminate": "The laboratory says that it is neither positive nor negative.",
    "after_transfusion": "Taken within 2 weeks of a transfusion or growth factor that raises it: only too low counts.",
    "conflicting_results": "Results of which any may be the newest differ.",
    "on_oxygen": "Measured while oxygen was given: without it, it is that value or less.",
    "uncoded_mention": "It is mentioned in words only; no code says so.",
    "unread_entry": "An entry may say so of which the words are not surely understood, or that has none.",
    "unconfirmed": "It is recorded as unconfirmed, provisional or differential, or under a code that only may mean it.",
    "malformed_entry": "An entry that is malformed, or whose status FHIR does not know, may say so.",
    "may_be_over": "It is on record without an end, and its dates don't settle whether it is there now.",
}
"""Why a fact is unknown."""


def stops(one: Finding) -> bool:
    """Whether the rules can't be used with this finding."""
    return one.severity == "error" and one.code not in NEVER_STOPS and not is_of_a_site(one.file)


def finding(
    code: str, file: str, pointer: str, message: str, *, hint: str = "", severity: Severity = "error"
) -> Finding:
    """A `Finding` of one of the codes above; raises `KeyError` for a code that is not documented there."""
    return Finding(file, pointer, code, severity, message, hint or FINDINGS.get(code) or SITE_FINDINGS[code])
