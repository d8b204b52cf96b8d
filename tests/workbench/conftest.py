"""A browser on the workbench of a running service."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import HANG
from tests.workbench.serving import CHROMIUM, FLAGS, Service, service


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose workbench saves."""
    pytest.importorskip("nicegui", reason="the workbench is not installed (extra `workbench`)")
    with service(tmp_path_factory.mktemp("served"), CDS_WORKBENCH_EDIT="true") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The machine's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as drive:
        running = drive.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=1_000 * HANG)
        yield running
        running.close()


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    """One profile for the pages of a service, so that its scripts are loaded once."""
    profile = browser.new_context(viewport={"width": 1500, "height": 950})
    profile.set_default_timeout(1_000 * HANG)
    yield profile
    profile.close()


class Watched:
    """A page with everything that it should not do written down."""

    def __init__(self, page: Any, home: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on("request", lambda request: self._asked(request.url, home))
        page.on("websocket", lambda socket: self._asked(socket.url, home.replace("http", "ws")))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, url: str, home: str) -> None:
        if not url.startswith((home, "data:", "blob:")):
            self.complaints.append(f"asked outside: {url}")


@pytest.fixture
def visit(context: Any, served: Service, tmp_path: Path) -> Iterator[Callable[[str], Watched]]:
    """Opens a page of the workbench and waits until it can be used."""
    opened: list[Watched] = []

    def visit(path: str) -> Watched:
        watched = Watched(context.new_page(), served.address)
        opened.append(watched)
        watched.page.goto(served.workbench + path)
        watched.page.wait_for_function("window.socket?.connected || window.mounted_app?.$el?.isConnected")
        watched.page.wait_for_load_state("networkidle")
        return watched

    yield visit
    for number, watched in enumerate(opened):
        watched.page.screenshot(path=tmp_path / f"{number}.png")
        watched.page.close()
    for watched in opened:
        assert watched.complaints == []
