"""As many requests as one likes: `make fuzz ARGS="--examples 100000 --seed 7"`.

A number that breaks something is printed with what it broke; `--seed NUMBER --examples 1 --show` makes it again.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from traceback import format_exc

from cds_service.library import load_library
from cds_service.settings import default_rules_dir
from tests import waiting
from tests.fuzz.fuzzer import running


def main() -> int:
    """0 where everything held."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Mutated hook requests against the service.")
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first number; the others follow it")
    parser.add_argument("--show", action="store_true", help="write each request to standard output")
    options = parser.parse_args()
    waiting.patient(waiting.DEADLINES)
    out, came, broken = sys.stdout, Counter[str](), 0
    library = load_library(default_rules_dir())
    with tempfile.TemporaryDirectory() as state, running(library, Path(state)) as fuzzer:
        for number in range(options.seed, options.seed + options.examples):
            try:
                came[fuzzer.run(number)] += 1
            except Exception:  # whatever it is, the number that brings it about is what is wanted
                broken += 1
                out.write(f"--seed {number} --examples 1\n{format_exc(limit=-2)}\n")
            if options.show:
                out.write(f"{fuzzer.sent}\n")
            if (number - options.seed) % 1_000 == 999:
                out.write(f"{number - options.seed + 1:,} requests, {broken} broken\n")
                out.flush()
    out.write("".join(f"{times:8,}  {what}\n" for what, times in sorted(came.items())))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
