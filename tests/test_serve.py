"""The service as its user meets it: started by the command, asked with the very curl line that it prints."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.cli.output import address_of
from tests.ports import free_port
from tests.waiting import HANG, SETTINGS, until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "cds_service.cli"]


def start(port: int, **settings: str) -> "subprocess.Popen[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    environment |= {"CDS_PORT": str(port), "PYTHONUNBUFFERED": "1", **SETTINGS, **settings}
    return subprocess.Popen(
        [*COMMAND, "serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    def listens() -> bool:
        assert process.poll() is None, process.communicate()[0]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listens, "the service")


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    """The curl line that a running service printed."""
    port = free_port()
    process = start(port)
    printed = ""
    try:
        wait_for(port, process)
        assert process.stdout is not None
        while "/patient-view-sle.json" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        [command] = re.findall(r"^ +(curl .*)$", printed, flags=re.MULTILINE)
        yield command
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=HANG)
    assert process.returncode in {0, -signal.SIGTERM}


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
@pytest.mark.parametrize(("sample", "cards"), [("sle", 2), ("lupus-both", 2), ("no-sle", 0)])
def test_the_printed_curl_line_returns_cards(running: str, sample: str, cards: int, tmp_path: Path) -> None:
    # From another terminal, so from any folder.
    command = running.replace("patient-view-sle.json", f"patient-view-{sample}.json")
    answer = json.loads(subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=True).stdout)
    assert len(answer["cards"]) == cards
    if sample == "sle":
        [card] = [c for c in answer["cards"] if c["source"]["topic"]["code"] == "NCT07083349"]
        assert "NCT07083349" in card["summary"] + card["detail"]
        assert "ANA titre" in card["detail"], "what is missing is named"
        assert "Systemic lupus erythematosus" in card["detail"], "what passes is named"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("10.1.2.3", "http://10.1.2.3:8000"),
    ],
)
def test_the_printed_address_can_be_asked(host: str, address: str) -> None:
    assert address_of(host, 8000) == address


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"CDS_HOST": "0.0.0.0"}, "CDS_INSECURE_NO_AUTH"),
        ({"CDS_RULES_DIR": "/nowhere"}, "there is no such file or folder"),
        ({"CDS_MAX_CARD": "3"}, "CDS_MAX_CARDS"),
    ],
)
def test_it_does_not_start_with_settings_that_are_wrong(settings: dict[str, str], message: str) -> None:
    process = start(free_port(), **settings)
    output, _ = process.communicate(timeout=HANG)
    assert process.returncode == 2
    assert message in output
    assert "Traceback" not in output


@pytest.mark.parametrize("listening", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_taken_is_one_plain_line(listening: str) -> None:
    with socket.socket() as other:
        other.bind((listening, 0))
        other.listen()
        port = other.getsockname()[1]
        process = start(port)
        output, _ = process.communicate(timeout=HANG)
    assert process.returncode == 2
    beside = port + 1 if port < 65_535 else port - 1
    assert output == f"cds-service: port {port} is taken by another program; choose another: CDS_PORT={beside}\n"


def test_an_address_that_is_not_of_this_machine_is_one_plain_line() -> None:
    process = start(free_port(), CDS_HOST="203.0.113.9", CDS_INSECURE_NO_AUTH="true")
    output, _ = process.communicate(timeout=HANG)
    assert process.returncode == 2
    assert output.startswith("cds-service: can't listen on 203.0.113.9, port ")
    assert output.count("\n") == 1
