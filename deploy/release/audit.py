"""Known vulnerabilities among the locked packages, by pip-audit: python deploy/release/audit.py LOCK...

Exit code 1 where one is found. pip-audit asks the package index for them; behind a mirror that does not hold them it
finds nothing and says so, and that is no clean result: then this says that nothing was audited, with exit code 0, since
no change to the code can mend it.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any


def audit(lock: str) -> list[dict[str, Any]]:
    """What pip-audit says of each package of a lock file. Raises RuntimeError where it says nothing."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    done = subprocess.run([*command, "--format", "json", "-r", lock], capture_output=True, check=False, text=True)
    try:
        dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        raise RuntimeError(done.stderr.strip().splitlines()[-1:] or ["pip-audit said nothing"]) from None
    return dependencies


def report(lock: str, dependencies: Sequence[dict[str, Any]]) -> tuple[bool, list[str]]:
    """Whether the lock file passes, and lines for people."""
    skipped = [d for d in dependencies if "skip_reason" in d]
    bad = [d for d in dependencies if d.get("vulns")]
    lines = [
        f"{lock}: {d['name']} {d['version']}: {v['id']}, mended in {', '.join(v['fix_versions']) or 'no version yet'}"
        for d in bad
        for v in d["vulns"]
    ]
    done = len(dependencies) - len(skipped)
    if done == 0:
        lines.append(f"{lock}: skipped: the package index tells no vulnerabilities, so none of it was audited")
    else:
        lines.append(f"{lock}: {done} packages audited, {len(skipped)} unknown to the index, {len(bad)} vulnerable")
    return not bad, lines


def main(locks: list[str]) -> int:
    """Run the command; gives the exit code."""
    code = 0
    for lock in locks:
        try:
            passes, lines = report(lock, audit(lock))
        except RuntimeError as problem:
            passes, lines = True, [f"{lock}: skipped: pip-audit could not ask the package index: {problem}"]
        sys.stdout.write("\n".join(lines) + "\n")
        code |= not passes
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
