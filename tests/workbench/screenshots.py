"""Every page of the workbench as it looks: `python -m tests.workbench.screenshots FOLDER`.

Three widths, light and dark, each file `<page>-<width>-<theme>.png`, the whole page. Also says where a page is wider
than its window: nothing but a table or code may be scrolled sideways.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import sync_playwright

from tests.waiting import HANG
from tests.workbench.histories import course
from tests.workbench.serving import CHROMIUM, FLAGS, Service, service

PAGES = {
    "matrix": "/",
    "trials": "/trials",
    "trial": "/trials/NCT07083349?patient=sle-likely",
    "trial-cohorts": "/trials/NCT06676631?patient=lupus-nephritis",
    "patient": "/patients/sle-likely",
    "what-if": "/patients/sle-likely/what-if",
    "ehr": "/ehr?patient=sle-likely",
    "upload": "/upload",
    "codes": "/codes",
    "not-found": "/patients/nobody",
}
WIDTHS = (320, 768, 1200)
THEMES = ("light", "dark")
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def open_page(page: Any, address: str) -> None:
    """Go there and wait until it can be used."""
    page.goto(address)
    page.wait_for_function("window.socket?.connected || window.mounted_app?.$el?.isConnected")
    page.wait_for_load_state("networkidle")
    ready(page)


def ready(page: Any) -> None:
    """Wait for the cards where the page shows a chart."""
    if page.locator(".ehr").count():
        page.locator("article.card").first.wait_for()


def take(page: Any, address: str, name: str, folder: Path) -> Iterable[str]:
    """Photograph a page that is open at every width in both themes; what is wider than its window."""
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(150)
            page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
            wider = page.evaluate(_WIDER)
            if wider > 0:
                yield f"{address} at {width} px: {wider} px too wide"


def uploaded(service: Service, record: bytes) -> str:
    """Uploads a record; the path of its page in the workbench."""
    content = {"Content-Type": "application/json"}
    request = Request(f"{service.workbench}/upload-record?name=record.json", record, content, method="POST")
    with urlopen(request, timeout=HANG) as answer:
        return str(json.load(answer)["people"][0]["page"]).removeprefix("/workbench")


def main(folder: Path) -> int:
    """All of them. The exit code is 1 where a page is too wide."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    with (
        TemporaryDirectory() as kept,
        service(Path(kept), CDS_WORKBENCH_EDIT="true") as running,
        sync_playwright() as p,
    ):
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(1_000 * HANG)
        for name, path in PAGES.items():
            open_page(page, running.workbench + path)
            found += take(page, path, name, folder)
        path = uploaded(running, course()) + "?as_of=2026-11-24"
        open_page(page, running.workbench + path)
        page.evaluate("document.querySelectorAll('.chart details, article details').forEach((d) => { d.open = true; })")
        found += take(page, path, "charts", folder)
        browser.close()
    sys.stdout.write("\n".join(found) + "\n" if found else "No page is too wide.\n")
    return bool(found)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.workbench.screenshots FOLDER")
    sys.exit(main(Path(sys.argv[1])))
