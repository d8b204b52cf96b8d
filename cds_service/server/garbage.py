"""Python's garbage collector while a program or its rules are loaded.

What is loaded then stays. To look through it for garbage after every 700 new objects, as Python does by itself, takes a
fifth of the time: docs/decisions/0014-start-up.md.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = gc.get_threshold()
LOADING = (50_000, 20, 20)
"""Not never: what is thrown away while thousands of trials are read must not pile up."""


@contextmanager
def while_loading() -> Iterator[None]:
    """Fewer collections until the end of the block; then the objects that exist are left out of all later ones."""
    before = gc.get_threshold()
    gc.set_threshold(*LOADING)
    try:
        yield
        # No collection first: it would take longer than all that it could free.
        gc.freeze()
    finally:
        gc.set_threshold(*before)
