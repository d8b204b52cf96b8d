"""The workbench's pages as an application of their own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from nicegui import Client, ui
from nicegui import app as pages
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from cds_service.errors import RecordError
from cds_service.wire import forwarded_prefix
from cds_service.workbench.access import Access
from cds_service.workbench.desk import Desk
from cds_service.workbench.pages.codes_page import choose_feed_page, codes_page
from cds_service.workbench.pages.ehr_page import ehr_page
from cds_service.workbench.pages.layout import not_found, place_of
from cds_service.workbench.pages.matrix_page import matrix_page
from cds_service.workbench.pages.patient_page import patient_page
from cds_service.workbench.pages.trial_page import trial_page
from cds_service.workbench.pages.trials_page import trials_page
from cds_service.workbench.pages.upload_page import upload_page
from cds_service.workbench.pages.what_if_page import what_if_page
from cds_service.workbench.uploads import UPLOADED
from cds_service.workbench.views import Wanted

_LISTED = 50
"""Problems of an upload that are told."""
_LONGEST_NAME = 200


def desk_pages(
    desk: Desk, path: str, *, password: str | None, max_body_bytes: int, now: Callable[[], datetime]
) -> FastAPI:
    """The application that serves the pages, to be mounted at `path`, with the lifespan that they need.

    Once in a process, because the library that draws the pages knows one application only. `password` None lets in
    whoever is on this machine, else only who knows it. `now` is the clock.
    """
    pages.add_middleware(Access, password=password)
    _add_pages(desk, path, now)
    _add_upload(desk, max_body_bytes)
    _add_survey(desk, max_body_bytes)
    _add_unknown(desk)
    app = FastAPI(openapi_url=None)
    ui.run_with(
        app,
        mount_path="/",
        title="Rule author's desk",
        language="en-US",
        tailwind=False,
        favicon="⚕",
        show_welcome_message=False,
        reconnect_timeout=10,
    )
    return app


def _add_pages(desk: Desk, path: str, now: Callable[[], datetime]) -> None:
    @ui.page("/", response_timeout=120)
    async def matrix(
        as_of: str | None = None, show: str = "", patient: str = "", trial: str = "", page: str = ""
    ) -> None:
        number = int(page) if page.isdecimal() else 1
        await matrix_page(desk, place_of(desk, as_of), Wanted(show, patient, trial), number)

    @ui.page("/trials")
    def trials(as_of: str | None = None) -> None:
        trials_page(desk, place_of(desk, as_of))

    @ui.page("/trials/{trial_id}", response_timeout=120)
    async def trial(trial_id: str, patient: str | None = None, as_of: str | None = None) -> None:
        await trial_page(desk, place_of(desk, as_of, patient), trial_id, patient)

    @ui.page("/patients/{patient}", response_timeout=120)
    async def one_patient(patient: str, as_of: str | None = None) -> None:
        place, record = place_of(desk, as_of, patient), desk.record(patient)
        if record is None:
            not_found(desk, place, _nobody(patient))
        else:
            await patient_page(desk, place, patient, record)

    @ui.page("/patients/{patient}/what-if", response_timeout=120)
    async def what_if(patient: str, as_of: str | None = None) -> None:
        place, record = place_of(desk, as_of, patient), desk.record(patient)
        if record is None:
            not_found(desk, place, _nobody(patient))
        else:
            await what_if_page(desk, place, patient, record)

    @ui.page("/ehr", response_timeout=120)
    async def ehr(patient: str | None = None, as_of: str | None = None) -> None:
        # The hook answers for today, whatever day the other pages are for.
        place = place_of(desk, as_of)
        place = place if place.given else replace(place, as_of=desk.today())
        await ehr_page(desk, place, place.prefix.removesuffix(path), patient, now)

    @ui.page("/upload")
    def upload(as_of: str | None = None) -> None:
        upload_page(desk, place_of(desk, as_of))

    @ui.page("/codes")
    def codes(as_of: str | None = None) -> None:
        choose_feed_page(desk, place_of(desk, as_of))

    @ui.page("/codes/{name}")
    def codes_seen(name: str, as_of: str | None = None) -> None:
        place, seen = place_of(desk, as_of), desk.feeds.get(name)
        if seen is None:
            not_found(desk, place, "This table is no longer in memory: upload the feed again.")
        else:
            codes_page(desk, place, seen)


def _nobody(patient: str) -> str:
    if patient.startswith(UPLOADED):
        return "This upload is no longer in memory: it was one of many, or the service was started again."
    return f"There is no sample patient {patient!r}."


def _add_unknown(desk: Desk) -> None:
    @pages.exception_handler(404)
    async def unknown(request: Request, _problem: HTTPException) -> Response:
        with Client(ui.page(""), request=request) as client:
            not_found(
                desk, place_of(desk, request.query_params.get("as_of")), "There is no such page in the workbench."
            )
        return client.build_response(request, 404)


def _add_upload(desk: Desk, max_body_bytes: int) -> None:
    @pages.post("/upload-record", include_in_schema=False)
    async def upload_record(request: Request, name: str = "the file") -> JSONResponse:
        data = await _sent(request, max_body_bytes)
        if data is None:
            return _too_large(max_body_bytes)
        try:
            upload = await run_sync(desk.uploads.add, data, name[:_LONGEST_NAME])
        except RecordError as problem:
            return JSONResponse({"problem": f"Not a usable record: {problem}"}, 422)
        prefix = _prefix(request)
        return JSONResponse(
            {
                "people": [
                    {"title": one.title, "page": f"{prefix}/patients/{key}", "ehr": f"{prefix}/ehr?patient={key}"}
                    for key, one in upload.people.items()
                ],
                "problems": [f"{place}: {message}" for place, message in upload.problems[:_LISTED]],
            }
        )


def _add_survey(desk: Desk, max_body_bytes: int) -> None:
    @pages.post("/survey-feed", include_in_schema=False)
    async def survey_feed(request: Request, name: str = "the file") -> JSONResponse:
        data = await _sent(request, max_body_bytes)
        if data is None:
            return _too_large(max_body_bytes)
        try:
            key = await run_sync(desk.feeds.add, data, name[:_LONGEST_NAME], desk.library().facts)
        except RecordError as problem:
            return JSONResponse({"problem": f"Not a usable feed: {problem}"}, 422)
        return JSONResponse({"page": f"{_prefix(request)}/codes/{key}"})


async def _sent(request: Request, most: int) -> bytes | None:
    """The file of a request; None where it is too large. It is no form: of that the framework would keep a large file
    on disk."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _too_large(most: int) -> JSONResponse:
    return JSONResponse({"problem": f"The file is larger than {most:,} bytes."}, 413)


def _prefix(request: Request) -> str:
    return forwarded_prefix(request.headers) + str(request.scope.get("root_path", ""))
