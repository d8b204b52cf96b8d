"""Under which numbers a trial may be begun."""

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.rule_tools import ScaffoldError, check_number


@pytest.mark.parametrize(
    "number",
    ["NCT07083349", "ChiCTR2000029308", "ISRCTN15088122", "jRCT2031190125", "jRCTs031180164", "DRKS00021145",
     "ACTRN12605000143651", "EUCT20225000011200", "EudraCT200400044620", "CHARITE2026LUPUS", "LN01"],
)  # fmt: skip
def test_a_registry_number_and_one_of_a_site_are_taken(number: str) -> None:
    check_number(number)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("NCT1", "NCT is followed by 8 digits, such as NCT07083349"),
        ("NCT070833490", "NCT is followed by 8 digits"),
        ("nct07083349", "NCT is followed by 8 digits"),
        ("ChiCTR12", "ChiCTR is followed by 10 digits"),
        ("ISRCTN1508812X", "ISRCTN is followed by 8 digits"),
        ("jRCT12", "jRCT is followed by 10 digits, or by s and 9 digits"),
        ("DRKS21145", "DRKS is followed by 8 digits"),
        ("LN1", "4 to 30 letters and digits"),
        ("2022-500001-12-00", "4 to 30 letters and digits"),
    ],
)
def test_what_is_no_number_is_told_its_form(number: str, why: str) -> None:
    with pytest.raises(ScaffoldError, match=why):
        check_number(number)


def test_the_command_refuses_it_before_it_loads_anything() -> None:
    result = CliRunner().invoke(app, ["rules", "new", "NCT1"], env={"CDS_RULES_DIR": "/nowhere"})
    assert result.exit_code == 2
    assert "NCT is followed by 8 digits" in result.output
