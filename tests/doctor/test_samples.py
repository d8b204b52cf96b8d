"""What the sample requests send is whole: a newcomer who tries `cds-service doctor` on one of ours sees no red."""

from datetime import date
from pathlib import Path

import pytest

from cds_service.doctor import Examiner, Known
from cds_service.library import Library
from cds_service.rule_tools import default_samples_dir
from cds_service.server import card_options
from cds_service.settings import Settings

REQUESTS = sorted((default_samples_dir() / "requests").glob("*.json"))


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_a_sample_request_brings_all_that_the_rules_read(library: Library, path: Path) -> None:
    examiner = Examiner(library, lambda: date(2026, 11, 24), card_options(Settings(), None))
    report = examiner.examine(path.read_bytes(), Known()).report
    states = {duty.name: duty.state for duty in report.duties}
    assert states["prefetch"] == "green"
    assert "red" not in states.values()
    assert not report.not_arrived


def test_there_are_sample_requests() -> None:
    assert REQUESTS
