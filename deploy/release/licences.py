"""The licences of all that is installed with the service: writes docs/licences.md, and refuses what is not allowed.

    python deploy/release/licences.py LOCK PYTHON [--check PAGE | --write PAGE]

`LOCK` names the packages, `PYTHON` is an interpreter that has them. Exit code 1 where a licence is not on the list or
the page is out of date.
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "PSF-2.0",
    "Python-2.0",
    "Unlicense",
}

# Weak copyleft, and why it does not reach our code: each is used as it is published, as a package of its own that
# anybody can replace, and none is changed or linked into one file with ours.
ACCEPTED = {
    "certifi": ("MPL-2.0", "a list of certificates; the licence is about its own files"),
    "psycopg": ("LGPL-3.0-only", "imported as it is; whoever receives the image can replace it"),
    "psycopg-binary": ("LGPL-3.0-only", "as psycopg; it carries libpq (PostgreSQL licence) and OpenSSL (Apache-2.0)"),
}

# What older packages write, in SPDX's words.
SPELLINGS = {
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}

_NAMES = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_READ = """
import importlib.metadata, json
print(json.dumps([
    [d.metadata["Name"], d.version, d.metadata.get("License-Expression"), d.metadata.get("License"),
     [c for c in d.metadata.get_all("Classifier") or [] if c.startswith("License ::")]]
    for d in importlib.metadata.distributions() if d.metadata["Name"]
]))
"""


@dataclass(frozen=True, slots=True)
class Package:
    """One package of the lock file, with its licence as an SPDX expression or as it was found."""

    name: str
    version: str
    licence: str

    @property
    def why(self) -> str | None:
        """Why it may be used; None where it may not."""
        accepted = ACCEPTED.get(self.name)
        if accepted is not None and self.licence == accepted[0]:
            return accepted[1]
        # `OR` leaves the choice, `AND` binds to both.
        ways = [way.strip(" ()") for way in re.split(r"\s+OR\s+", self.licence)]
        permissive = any(all(part.strip(" ()") in PERMISSIVE for part in re.split(r"\s+AND\s+", way)) for way in ways)
        return "permissive" if permissive else None


def locked(text: str) -> dict[str, str]:
    """Name (in its normal form) and version of each package of a lock file."""
    return {_normal(name): version for name, version in _NAMES.findall(text)}


def packages(lock: Path, python: Path) -> list[Package]:
    """The packages of the lock file that are installed there, in the order of their names."""
    wanted = locked(lock.read_text())
    read = subprocess.run([python, "-I", "-c", _READ], capture_output=True, check=True, text=True).stdout
    found = {
        _normal(name): Package(_normal(name), version, _licence(expression, text, classifiers))
        for name, version, expression, text, classifiers in json.loads(read)
    }
    # What is for another system or another Python is not installed, and its licence is then not to be seen.
    return [found[name] for name in sorted(wanted) if name in found]


def page(found: list[Package]) -> str:
    """The page for people, in Markdown."""
    rows = "\n".join(f"| {p.name} | {p.licence} | {p.why or '**not allowed**'} |" for p in found)
    return (
        "# Licences of what the service is installed with\n\n"
        "Written by `make licences` from the packages' own metadata, for requirements.lock. The service itself is\n"
        "Apache-2.0. Versions are in the lock file and in each release's SBOM.\n\n"
        f"| package | licence | |\n|---|---|---|\n{rows}\n"
    )


def main(arguments: list[str]) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(description="List and check licences.")
    parser.add_argument("lock", type=Path)
    parser.add_argument("python", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--check", type=Path)
    options = parser.parse_args(arguments)
    found = packages(options.lock, options.python)
    text = page(found)
    refused = [p for p in found if p.why is None]
    for package in refused:
        sys.stderr.write(f"{package.name} {package.version}: {package.licence!r} is not on the list of licences\n")
    if options.write is not None:
        options.write.write_text(text)
    if options.check is not None and options.check.read_text() != text:
        sys.stderr.write(f"{options.check} is out of date: run `make licences`\n")
        return 1
    return 1 if refused else 0


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _licence(expression: str | None, text: str | None, classifiers: list[str]) -> str:
    if expression:
        return expression
    # Of several classifiers each is a choice, as their authors mean it; a whole licence text is no name of one.
    names = [c.rsplit("::", 1)[1].strip() for c in classifiers if "::" in c and not c.endswith("OSI Approved")]
    if not names and text and len(text) < 60:
        names = [text.strip()]
    spdx = sorted({SPELLINGS.get(name.lower(), name) for name in names})
    return " OR ".join(spdx) or "not stated"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
