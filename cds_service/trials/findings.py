"""What can be wrong with the files themselves, with a trial and with its test cases, by its stable code."""

from collections.abc import Mapping

FILE_FINDINGS: Mapping[str, str] = {
    "bad-text": "A text holds U+0000 or half of a surrogate pair, written as an escape. Neither can be shown or sent.",
    "bad-value": "A value is not of the kind that its key takes; the message says what is.",
    "duplicate-key": "A key stands twice in one object. Only the last would count, so keep one.",
    "link-outside": "A link leads out of the folder. It is followed, and who may write there may change what is read.",
    "missing-key": "A key that must be there is not.",
    "no-rules-folder": "There is no such file or folder.",
    "not-json": "The file is not JSON (the message says which sign is missing or too many, and where), or nobody can "
    "work with what it holds: a number that is none or too large, or too many levels.",
    "unknown-key": "There is no such key; the hint gives the nearest one. Misspelt keys never count in silence.",
    "unreadable-file": "It can't be read: it is no file (a pipe, a device, a folder, a link that leads nowhere), "
    "too large, not permitted, or not UTF-8 text.",
}
"""Any file of a rules folder."""

TRIAL_FINDINGS: Mapping[str, str] = {
    "exception-without-fail": "A criterion has an `exception` and never fails, so the exception says nothing.",
    "id-against-kind": "An inclusion's id starts with `inc-`, an exclusion's with `exc-`.",
    "no-gate": 'No criterion has `"gate": true`. Mark the diagnosis without which the trial is not worth a mention.',
    "no-trial-file": "A file or folder in `trials/` is read by nobody. A trial is `<registry number>/trial.json`.",
    "no-trials": "The folder has no `trials/<registry number>/trial.json`.",
    "repeated-id": "Two criteria, or two cohorts, have the same id.",
    "source-not-claimed": "A clause of the source stands in no criterion (`rules check --source`). Give one its span.",
    "source-not-stated": "A trial is to be compared with its source and does not say which text that is.",
    "source-other-text": "The text is not the one that the trial was written from: its SHA-256 is another.",
    "source-span-outside": "A span of `source` ends beyond the text.",
    "softening-review": "A `review` takes back a fail (`does not exclude`). A trial that fails has no card, so nobody "
    "reads it: say it as an `exception`.",
    "wrong-folder": "A trial lies in a folder that is not named after its id.",
}
"""`trial.json`."""

CASE_FINDINGS: Mapping[str, str] = {
    "case-bad-statement": "A fact of a case is stated in a way that can't be read; the message says how to put it.",
    "case-differs": "A case comes out differently from what it says: the rule or the case is wrong. An active trial is "
    "not used so, neither saved in the workbench nor taken over by a running service.",
    "case-fact-defined": "A fact of a case is a definition. State the facts that it is made of.",
    "case-fact-not-read": "A case states a fact that no rule of the trial reads, so it decides nothing.",
    "case-fact-part": "A case states a part of a fact. State the fact; its parts follow.",
    "case-missing-expectation": "A case says nothing of what a criterion must come to.",
    "case-not-covered": "No case tests a criterion for an outcome that it can have.",
    "case-repeated-name": "Two cases have the same name.",
    "case-unknown-cohort": "The trial has no such cohort.",
    "case-unknown-criterion": "The trial has no such criterion, or none with a screen where one is meant.",
    "case-unknown-fact": "There is no such fact; the hint gives the nearest one.",
    "case-unknown-key": "A fact of a case has a key that facts of this kind have not.",
    "case-unknown-sample": "There is no sample patient of that name.",
    "mutant-not-needed": "An entry of `equivalent_mutants` explains a fault that cases notice, or that there is not.",
    "mutant-survived": "A fault was put into a rule and no case noticed. Add the case that tells the two apart.",
    "no-cases": "A trial has no `cases.json` beside it.",
}
"""`cases.json`. What is about coverage and mutants only `rules test` finds, the rest `rules check` too."""
