"""Files of a rules folder, written so that whoever is interrupted leaves each as it was or as it will be."""

import os
from collections.abc import Mapping
from pathlib import Path


def write_file(path: Path, data: bytes) -> None:
    """Put a file in its place at once, with all of its content. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A hidden name with another ending: no rule file as long as it is not whole.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_files(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Write files below a folder in order; those of None are removed. One that stays the same is not touched."""
    for name, data in files.items():
        path = folder / name
        if data is None:
            path.unlink(missing_ok=True)
        elif not path.is_file() or path.read_bytes() != data:
            write_file(path, data)
