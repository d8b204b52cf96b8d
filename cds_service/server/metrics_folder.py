"""The folder in which worker processes add up their metrics."""

import atexit
import os
import shutil
import tempfile

MULTIPROCESS_DIR = "PROMETHEUS_MULTIPROC_DIR"


def share_between_workers() -> None:
    """Give the worker processes that are about to be started a common folder, unless there is one already.

    prometheus-client looks for it when it is imported, so this stands in a module of its own that does not import it.
    """
    if MULTIPROCESS_DIR not in os.environ:
        folder = tempfile.mkdtemp(prefix="cds-service-metrics-")
        os.environ[MULTIPROCESS_DIR] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
