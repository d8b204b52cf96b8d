"""`docs/findings.md`: every code that the checks of a rules folder can report, with its meaning."""

from collections.abc import Iterator, Mapping

from cds_service.facts.catalogue import FINDINGS as FACT_FINDINGS
from cds_service.facts.catalogue import SITE_FINDINGS
from cds_service.logic.check import FINDINGS as RULE_FINDINGS
from cds_service.terminology.check import CODE_FINDINGS
from cds_service.trials import CASE_FINDINGS, FILE_FINDINGS, TRIAL_FINDINGS

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Any file": FILE_FINDINGS,
    "Trials": TRIAL_FINDINGS,
    "Rules": RULE_FINDINGS,
    "Facts, value sets and tables": FACT_FINDINGS,
    "A site's folder": SITE_FINDINGS,
    "Codes": CODE_FINDINGS,
    "Test cases": CASE_FINDINGS,
}
"""Heading -> code -> what it means."""

_HEAD = """# Findings

Written by `cds-service rules docs --findings --out docs/findings.md` from the tables in the code; a test keeps it
current.

`cds-service rules check`, `rules test`, `site check` and `codes check` report what is wrong with file, JSON pointer,
code, message and, mostly, a hint. Files of a site's folder are named `site:…`. Codes keep their meaning.
`tests/rules/broken/<code>/` has a folder with just that fault.
[The rule language](rule-language.md#findings) shows an example of each fault of a rule.
"""


def findings_page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for title, codes in SECTIONS.items() for line in _section(title, codes))])


def _section(title: str, codes: Mapping[str, str]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| code | what is wrong |"
    yield "|---|---|"
    yield from (f"| `{code}` | {meaning} |" for code, meaning in sorted(codes.items()))
    yield ""
