"""What uploaded feeds hold, code by code. The table is kept, in memory only and for a while; of the file nothing is."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from cds_service.errors import RecordError
from cds_service.facts import FactReaders
from cds_service.feed import BOUNDS, UnreadPlace, documents, received
from cds_service.terminology.seen import SightingTable, Survey, table_of
from cds_service.workbench.uploads import LARGEST_UNPACKED, MOST_FILES

MIN_PATIENTS = 3
"""Words that are not the rules' own, displays too, are shown where so many patients have the very same."""
_MOST_FEEDS = 20
_MOST_PROBLEMS = 50
_BOUNDS = BOUNDS._replace(unpacked=LARGEST_UNPACKED, members=MOST_FILES)


@dataclass(frozen=True, slots=True)
class SeenFeed:
    """The table of a feed. `problems`: the first of those parts that could not be read, with their places, of `unread`
    in all."""

    file: str
    table: SightingTable
    files: int
    unread: int
    problems: tuple[UnreadPlace, ...]


class SeenFeeds:
    """The last of them, under names that can't be guessed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, SeenFeed] = OrderedDict()

    def add(self, data: bytes, file: str, knowledge: FactReaders) -> str:
        """Survey a file and keep its table; the name of it. Raises RecordError where it holds nothing to be read."""
        seen = survey_of(file, data, knowledge)
        name = secrets.token_urlsafe(12)
        self._kept[name] = seen
        while len(self._kept) > _MOST_FEEDS:
            self._kept.popitem(last=False)
        return name

    def get(self, name: str) -> SeenFeed | None:
        """The feed of that name."""
        return self._kept.get(name)


def survey_of(file: str, data: bytes, knowledge: FactReaders) -> SeenFeed:
    """What a file holds: JSON, NDJSON, packed or not. Raises RecordError, with the place, where nothing can be read."""
    problems: list[UnreadPlace] = []
    unread = 0

    def note(problem: UnreadPlace) -> None:
        nonlocal unread
        unread += 1
        if len(problems) < _MOST_PROBLEMS:
            problems.append(problem)

    survey = Survey(knowledge, MIN_PATIENTS, note)

    def lost(problem: UnreadPlace) -> None:
        note(problem)
        survey.lost()

    files = read = 0
    for place, stream in received(file, data, lost, _BOUNDS):
        files += 1
        for document in documents(place, stream, lost):
            read += 1
            survey.add(document)
    if not read:
        told = "; ".join(f"{place}: {message}" for place, message in problems[:3])
        raise RecordError(told or f"{file}: there is no FHIR in it")
    return SeenFeed(file, table_of(survey.finish(), knowledge, displays_are_typed=True), files, unread, tuple(problems))
