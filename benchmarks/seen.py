"""`cds-service codes seen` over an invented feed of growing size.

    python -m benchmarks --only seen

Each run is a process of its own on one core, as a site runs it: its processor time with the loading of the rules, and
its peak memory. That no line is lost beside a broken one is checked against what was written.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.invented_feed import WrittenFeed, write_feed
from benchmarks.report import Outcome, Target, number, table

ROOT = Path(__file__).resolve().parents[1]
SIZES = (100, 300, 1_000)
"""MB of NDJSON (10^6 bytes)."""
QUICK = (10, 30)
SECONDS = 300
FLAT = 1.25
_JUDGED = 1_000
_COUNTED = ("Observation", "Condition", "MedicationRequest", "Procedure")


class LinesLostError(Exception):
    """The survey does not account for every line of the feed."""


def measure(sizes: Sequence[int] = SIZES) -> Outcome:
    """Feeds of these sizes, and the largest once more as gz."""
    rows = [_surveyed(size, packed=False) for size in sizes]
    rows.append(_surveyed(sizes[-1], packed=True))
    return Outcome({"feeds": rows}, list(_lines(rows)), _targets(rows))


def _surveyed(size: int, *, packed: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="cds-bench-") as folder:
        feed = Path(folder, "feed")
        written = write_feed(feed, size * 1_000_000, packed=packed)
        seconds, peak, summary = _run(feed, Path(folder))
    check(written, summary)
    return {
        "mb": size,
        "packed": packed,
        "lines": sum(written.lines.values()) + written.broken,
        "broken": written.broken,
        "seconds": round(seconds, 1),
        "peak_mb": round(peak),
        "is_full": summary["more_than_can_be_told_apart"],
    }


def _run(feed: Path, folder: Path) -> tuple[float, float, dict[str, Any]]:
    """Seconds of processor time, peak MB, and the summary that was printed. Raises `CalledProcessError`."""
    command = [sys.executable, "-m", "cds_service.cli", "codes", "seen", str(feed), "--format", "json"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "PYTHON"))}
    printed = folder / "printed.json"
    with printed.open("wb") as out, (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=errors, env={**inherited, "PYTHONPATH": str(ROOT)}
        )
        # What this child took and no other.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=(folder / "errors").read_bytes()[-500:])
    summary: dict[str, Any] = json.loads(printed.read_bytes())["summary"]
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, summary


def check(written: WrittenFeed, summary: Mapping[str, Any]) -> None:
    """Whether the summary accounts for every line. Raises LinesLostError."""
    expected = sum(written.lines[kind] for kind in _COUNTED) + written.broken
    told = summary["entries"], summary["unreadable"], summary["patients"]
    if told != (expected, written.broken, written.lines["Patient"]):
        raise LinesLostError(f"{told} entries, broken lines and patients of {expected}, {written.broken}")


def _targets(rows: Sequence[dict[str, Any]]) -> Sequence[Target]:
    plain = [row for row in rows if not row["packed"]]
    largest = plain[-1]
    if largest["mb"] != _JUDGED:
        return ()
    return [
        Target("`codes seen` over 1 GB of NDJSON, processor time", SECONDS, largest["seconds"], "s"),
        Target(
            f"`codes seen`: peak memory at 1 GB ÷ at {plain[0]['mb']} MB",
            FLAT,
            round(largest["peak_mb"] / plain[0]["peak_mb"], 2),
            "×",
        ),
    ]


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield from table(
        ("Feed", "Lines", "Broken", "Processor time", "Peak memory"),
        (
            (
                f"{row['mb']:,} MB" + (" as gz" if row["packed"] else ""),
                f"{row['lines']:,}",
                f"{row['broken']:,}",
                f"{number(row['seconds'])} s",
                f"{row['peak_mb']:,} MB",
            )
            for row in rows
        ),
    )
