"""What is said of a disease in words: denied, somebody else's, doubted, past. A clinician can check the tables."""

from pathlib import Path

import pytest

from cds_service.facts.words import load_cues, tokens

CUES, FINDINGS = load_cues(Path(__file__).resolve().parents[3] / "rules")


def said_of(text: str, word: str) -> set[str]:
    """What the cues say of the first place of a word (or row of characters) in a text."""
    row = tokens(text)
    wanted = [t.word for t in tokens(word)]
    marks, _ = CUES.marks(row)
    for start in range(len(row) - len(wanted) + 1):
        if [t.word for t in row[start : start + len(wanted)]] == wanted:
            return set().union(*marks[start : start + len(wanted)])
    raise AssertionError(f"{word!r} is not in {text!r}")


TABLE = [
    # text, word, what is said of it
    ("SLE", "SLE", set()),
    ("SLE with nephritis", "SLE", set()),
    ("No h/o cancer", "cancer", {"denied"}),
    ("no evidence of lupus", "lupus", {"denied"}),
    ("denies HIV", "HIV", {"denied"}),
    ("HIV negative", "HIV", {"denied"}),
    ("HIV ruled out", "HIV", {"denied"}),
    ("no fever, HIV", "HIV", set()),
    ("no fever but HIV", "HIV", set()),
    ("Lupus ausgeschlossen", "Lupus", {"denied"}),
    ("kein Anhalt für Lupus", "Lupus", {"denied"}),
    ("未见肿瘤", "肿瘤", {"denied"}),
    ("否认高血压、糖尿病", "糖尿病", {"denied"}),
    ("肺癌已排除", "肺癌", {"denied"}),
    ("无症状HIV感染", "HIV", set()),
    ("diabetes without complications", "diabetes", set()),
    ("hepatitis, not otherwise specified", "hepatitis", set()),
    ("FH of breast cancer", "cancer", {"others"}),
    ("Family history of breast cancer", "cancer", {"others"}),
    ("mother with lupus", "lupus", {"others"}),
    ("screening for HIV", "HIV", {"others"}),
    ("HIV screening", "HIV", {"others"}),
    ("乳腺癌家族史", "乳腺癌", {"others"}),
    ("Rule out SLE", "SLE", {"doubted"}),
    ("R/O: SLE", "SLE", {"doubted"}),
    ("r/o SLE", "SLE", {"doubted"}),
    ("SLE?", "SLE", {"doubted"}),
    ("?SLE", "SLE", {"doubted"}),
    ("SLE, suspected", "SLE", {"doubted"}),
    ("(suspected) SLE", "SLE", {"doubted"}),
    ("SLE not ruled out", "SLE", {"doubted"}),
    ("V. a. Lupus", "Lupus", {"doubted"}),
    ("V.a. SLE", "SLE", {"doubted"}),
    ("Verdacht auf Lupus", "Lupus", {"doubted"}),
    ("疑似系统性红斑狼疮", "红斑狼疮", {"doubted"}),
    ("肺癌待排", "肺癌", {"doubted"}),
    ("肺癌？", "肺癌", {"doubted"}),
    ("肺癌不除外", "肺癌", {"doubted"}),
    ("h/o stroke", "stroke", {"past"}),
    ("s/p allo-SCT", "SCT", {"past"}),
    ("Status post stroke", "stroke", {"past"}),
    ("Z.n. Apoplex", "Apoplex", {"past"}),
    ("Zustand nach Lebertransplantation", "Lebertransplantation", {"past"}),
    ("既往肺癌", "肺癌", {"past"}),
    # A chronic disease of long standing is current: "history" is not the same in every language.
    ("糖尿病史10年", "糖尿病", set()),
    ("肺癌术后", "肺癌", set()),
    ("post-operative infection", "infection", set()),
    ("Post-transplant lymphoma", "lymphoma", set()),
    ("s/p renal transplant with rejection", "rejection", set()),
    ("HIV not on ART", "HIV", set()),
    ("HIV without ART", "HIV", set()),
    ("Rule out SLE with nephritis", "nephritis", {"doubted"}),
    ("Pregnancy with history of infertility", "Pregnancy", set()),
    ("Pregnancy with history of infertility", "infertility", {"past"}),
    ("Maternal care for (suspected) fetal damage", "Maternal care", set()),
]


@pytest.mark.parametrize(("text", "word", "expected"), TABLE, ids=[f"{text}: {word}" for text, word, _ in TABLE])
def test_what_is_said_of_a_disease(text: str, word: str, expected: set[str]) -> None:
    assert said_of(text, word) == expected


def test_the_table_of_cues_is_sound() -> None:
    assert FINDINGS == ()
