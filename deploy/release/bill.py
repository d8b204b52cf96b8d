"""The bill of materials of a release (CycloneDX 1.6, JSON): python deploy/release/bill.py PYTHON FOLDER

`PYTHON` is an interpreter that has the wheel and the locked packages and nothing else; the file goes into `FOLDER`.
Run with the tools of requirements-deploy.lock.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

NAME = "cds-service"


def bill(python: str) -> dict[str, Any]:
    """All that is installed there; the service itself is what the bill is about."""
    command: list[str | Path] = [Path(sys.executable).with_name("cyclonedx-py"), "environment", "--spec-version", "1.6"]
    done = subprocess.run(
        [*command, "--output-reproducible", "--output-format", "JSON", python],
        capture_output=True,
        check=True,
        text=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    service = next(c for c in document["components"] if c["name"] == NAME)
    document["components"].remove(service)
    # Where the wheel lay while it was installed says nothing to whoever reads this.
    service.pop("externalReferences", None)
    document["metadata"]["component"] = {**service, "type": "application"}
    return document


def main(arguments: list[str]) -> int:
    """Run the command; gives the exit code."""
    python, folder = arguments
    document = bill(python)
    version = document["metadata"]["component"]["version"]
    path = Path(folder) / f"{NAME.replace('-', '_')}-{version}.cdx.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    sys.stdout.write(f"{path}: {len(document['components'])} components\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
