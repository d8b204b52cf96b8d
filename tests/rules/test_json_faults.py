"""Texts that are no JSON: what is wrong is said in words for people, with the line where it is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.rule_files import parse_json
from cds_service.settings import default_rules_dir

TRIAL = """{
  "id": "NCT1",
  "title": "A trial",
  "state": "draft",
  "criteria": [
    {
      "id": "inc-01", "lookback": "P7D",
      "logic": {">=": [{"var": "patient.age"}, {"quantity": [18, "a"]}]}
    },
    {
      "id": "inc-02",
      "review": "x"
    }
  ]
}
"""

# What is written, what is written in its place, the line that is told, and the sentence.
BROKEN: list[tuple[str, str, int, str]] = [
    ('"draft",', '"draft"', 4, "a comma is missing at the end of line 4"),
    ("}, {", "} {", 8, "a comma is missing in line 8 before {"),
    ('"inc-01",', '"inc-01"', 7, 'a comma is missing in line 7 before "lookback"'),
    ('"a"]}]}', '"a"]}}}', 8, "[ of line 8 is closed by }"),
    ('"a"]}]}\n', '"a"]}]\n', 8, "{ of line 8 is not closed (write } at the end of line 8)"),
    ("  ]\n}", "}", 13, "[ of line 5 is closed by } (write ] before it)"),
    ("  ]\n}\n", "  ]\n", 14, "{ of line 1 is not closed (write } at the end of line 14)"),
    ("    },\n    {\n", "    },\n", 10, "{ is missing in line 10"),
    ('"criteria": [', '"criteria": ', 6, "[ is missing in line 6"),
    ('"criteria": [', '"criteria": [[', 5, "[ in line 5 is one too many"),
    ('"x"\n', '"x",\n', 12, "the comma at the end of line 12 has nothing behind it (leave the last comma out)"),
    ("    }\n  ]", "    },\n  ]", 13, "the comma at the end of line 13 has nothing behind it"),
    ('"draft",', '"draft",,', 4, "a comma in line 4 is one too many"),
    ('"A trial"', "“A trial”", 3, "a curly quote “ stands in line 3 (JSON takes only straight ones"),
    ('"A trial"', "'A trial'", 3, "line 3 has single quotes: 'A trial' (texts and keys stand in double quotes"),
    ('  "state"', '  // not yet\n  "state"', 4, "there is a comment in line 4: // not yet"),
    ('  "state"', '  /* not yet */ "state"', 4, "there is a comment in line 4"),
    ('  "state"', '  # not yet\n  "state"', 4, "there is a comment in line 4"),
    ("A trial", "A\ntrial", 3, "a text that begins in line 3 goes on in the next line"),
    ('"A trial"', '"A trial', 3, 'a " is missing, or is one too many, in line 3'),
    ('"title"', 'title"', 3, "line 3"),
    ('"title"', '"title', 3, 'a " is missing, or is one too many, in line 3'),
    ("A trial", 'A "good" trial', 3, 'a " is missing, or is one too many, in line 3'),
    ('"draft"', "draft", 4, "draft in line 4 stands without quotes"),
    ('"title":', "title:", 3, "title in line 3 stands without quotes"),
    ('"P7D"', "P7D", 7, "P7D in line 7 stands without quotes"),
    ('"draft"', "True", 4, "True in line 4 is no JSON value (write true, in small letters)"),
    ('"draft"', "None", 4, "None in line 4 is no JSON value (write null)"),
    ('"title":', '"title"', 3, 'a colon is missing in line 3 after "title"'),
    ('"title": "A trial"', '"title": ', 3, "after the colon in line 3 there is no value"),
    ('"title": "A trial"', '"A trial"', 3, '"A trial" in line 3 stands alone'),
    ('"draft"', "1,5", 4, "1,5 in line 4 has a comma within the number (write 1.5, with a point)"),
    ('"draft"', "-0,25", 4, "-0,25 in line 4 has a comma within the number (write -0.25, with a point)"),
    ("[18,", "[018,", 8, "018 in line 8 is no number"),
    ("[18,", "[.5,", 8, ".5 in line 8 is no number"),
    ("A trial", "A \\d trial", 3, "\\d in line 3 means nothing (a backslash within a text is written \\\\)"),
    ("A trial", "A\ttrial", 3, "a text in line 3 holds a tab, which can't be seen"),
    ('"draft",', '"draft";', 4, "; in line 4 does not belong there"),
    ('"NCT1"', '\xa0"NCT1"', 2, "an invisible no-break space in line 2 does not belong there"),
    (TRIAL, TRIAL + TRIAL, 16, "after the end of the file's last } more follows, in line 16"),
    (TRIAL, TRIAL + "}", 16, "} in line 16 closes nothing"),
    (TRIAL, "\ufeff" + TRIAL, 1, "the file begins with an invisible byte-order mark"),
    (TRIAL, " \n", 1, "there is nothing in the file"),
]


def told(text: str) -> tuple[int | None, str]:
    """Line and words of the one finding about a text."""
    content, findings = parse_json(text.encode("utf-8"), "trial.json")
    assert content is None
    [one] = findings
    assert (one.code, one.severity) == ("not-json", "error")
    return one.line, f"{one.message} ({one.hint})"


@pytest.mark.parametrize(("whole", "broken", "line", "sentence"), BROKEN, ids=[row[3] for row in BROKEN])
def test_a_broken_file_and_what_is_said_of_it(whole: str, broken: str, line: int, sentence: str) -> None:
    assert TRIAL.count(whole) >= 1
    where, says = told(TRIAL.replace(whole, broken, 1))
    assert (where, sentence in says) == (line, True), (where, says)


OWN = [path.read_text(encoding="utf-8") for path in sorted(default_rules_dir().glob("trials/*/trial.json"))]
STRUCTURE = '{}[],:"'
WRITTEN = STRUCTURE + "\\x0 \n'”/\t\x00"


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def beside(line: int | None, damaged: int) -> bool:
    """A bracket that is left out or too many can be mended at either end of what it holds: both lines are named."""
    return line is not None and abs(line - damaged) <= 1


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, int]:
    """A trial's text with one character left out or one too many, and the line of it."""
    text = draw(st.sampled_from(OWN))
    if draw(st.booleans()):
        places = [at for at, sign in enumerate(text) if sign in STRUCTURE] if draw(st.booleans()) else range(len(text))
        at = draw(st.sampled_from(places))
        broken = text[:at] + text[at + 1 :]
    else:
        at = draw(st.integers(0, len(text)))
        broken = text[:at] + draw(st.sampled_from(WRITTEN)) + text[at:]
    return broken, text.count("\n", 0, at) + 1


@settings(max_examples=400)
@given(damaged())
def test_one_character_too_few_or_too_many_is_found_on_its_line(broken: tuple[str, int]) -> None:
    text, line = broken
    if not is_json(text):
        where, says = told(text)
        assert beside(where, line) or f"line {line}" in says, (where, line, says)


@settings(max_examples=200)
@given(st.text(alphabet=STRUCTURE + "\\ \n1atrue'/“\ufeff", max_size=60))
def test_whatever_is_written_it_is_json_or_one_finding(text: str) -> None:
    if not is_json(text):
        where, says = told(text)
        assert says
        assert where is not None
        assert 1 <= where <= text.count("\n") + 1


@pytest.mark.parametrize("sign", ["{", '"', ",", "}", "“", "[1],", "//", "/*"])
def test_a_long_text_without_sense_is_told_too(sign: str) -> None:
    assert told(sign * 20_000)[0] == 1
