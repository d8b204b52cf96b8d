"""What the tables of codes cost a process that starts: memory and processor time, measured in processes of their own.

A start takes them as they were remembered when the rules were last checked (`trials.remembered_rules`); only the first
start after a change of the rules makes them out of the files.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec

from cds_service.facts.catalogue import SetTables

ROOT = Path(__file__).resolve().parents[2]
_TIMES = 5
_REMEMBERED = """
import msgspec
from pathlib import Path
from cds_service.facts.catalogue import SetTables, ValueSets
source = Path(sys.argv[1])
begin()
kept = ValueSets(msgspec.msgpack.decode(source.read_bytes(), type=SetTables))
"""
_FILES = """
from pathlib import Path
from cds_service.facts.catalogue import load_codesystems, load_valuesets
source = Path(sys.argv[1])
systems, _ = load_codesystems(source)
begin()
kept = load_valuesets(source, systems)
"""
_MEASURED = """
import gc, sys, time
def resident():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096
def begin():
    global before, clock
    gc.collect()
    before, clock = resident(), time.process_time()
{loading}
spent = time.process_time() - clock
gc.collect()
print(spent, resident() - before)
"""


class Cost(NamedTuple):
    """Milliseconds of processor time and MB (10^6 bytes) of memory, the median of some processes."""

    milliseconds: float
    megabytes: float


def of_remembered(tables: SetTables) -> Cost:
    """The tables as a start takes them."""
    with tempfile.TemporaryDirectory(prefix="cds-report-") as folder:
        file = Path(folder, "tables")
        file.write_bytes(msgspec.msgpack.encode(tables))
        return _measured(_REMEMBERED, file)


def of_files(rules_dir: Path) -> Cost:
    """The tables made out of the files of a rules folder."""
    return _measured(_FILES, rules_dir)


def _measured(loading: str, source: Path) -> Cost:
    code = _MEASURED.format(loading=loading)
    found = []
    for _ in range(_TIMES):
        done = subprocess.run(
            [sys.executable, "-c", code, str(source)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        seconds, size = done.stdout.split()
        found.append((float(seconds) * 1e3, int(size) / 1e6))
    return Cost(*(statistics.median(one) for one in zip(*found, strict=True)))
