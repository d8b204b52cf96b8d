"""Write the figures of docs/terminology.md: `make codes-report ARGS="--records ZIP"`, `python -m tools.codes_report`.

Without an archive of records their part of the page stays as it is. All but the measured memory and time is the same
whenever it is run over the same rules and records.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import replace_blocks
from cds_service.facts import load_facts
from tools.codes_report.cost import of_files, of_remembered
from tools.codes_report.page import cost_lines, facts_lines, records_lines, systems_lines
from tools.codes_report.records import ArchiveError, collections_in

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "terminology.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 where something could not be read or has no place on the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.codes_report", description=__doc__)
    parser.add_argument("--records", type=Path, metavar="ZIP", help="FHIR records by others, collection by collection.")
    parser.add_argument("--rules", type=Path, default=ROOT / "rules")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--no-cost", action="store_true", help="Leave what was measured as it is.")
    options = parser.parse_args(arguments)
    knowledge, _ = load_facts(options.rules)
    blocks = {"systems": list(systems_lines(knowledge)), "facts": list(facts_lines(knowledge))}
    if options.records is None:
        _say("no --records ZIP: the figures of records stay as they are")
    else:
        try:
            blocks["records"] = list(records_lines(collections_in(options.records, knowledge)))
        except ArchiveError as problem:
            _say(str(problem))
            return 1
    if not options.no_cost:
        blocks["cost"] = list(cost_lines(of_remembered(knowledge.valuesets.tables), of_files(options.rules)))
    absent = replace_blocks(options.page, blocks, "figures")
    for name in absent:
        _say(f"{options.page} has no place for {name}: <!-- figures: {name} --> and <!-- end: {name} -->")
    return 1 if absent else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a command's own output


if __name__ == "__main__":
    sys.exit(main())
