"""What doctor says of one request: plain values, in the order in which they are shown.

Nothing in it is of a patient: no id, name, date or value, and no token. There are codes of tables, units, places in the
request, and the words of rules and catalogue.
"""

from dataclasses import dataclass
from typing import Any, Literal

from cds_service.doctor.pages import SECTIONS, DutyName

State = Literal["green", "red", "not seen"]


@dataclass(frozen=True, slots=True)
class Duty:
    """How a client does one of its duties. `not seen`: nothing that came could show it."""

    name: DutyName
    state: State
    says: str

    def as_json(self) -> dict[str, Any]:
        """`duty`, `state`, `says`, and `page` with the section that helps."""
        return {"duty": self.name, "state": self.state, "says": self.says, "page": SECTIONS[self.name].link}


@dataclass(frozen=True, slots=True)
class RequestFault:
    """Something in the request that is not as it should be. `refused`: the service answers with an error for it;
    `forgiven`: it reads it all the same."""

    kind: Literal["refused", "forgiven"]
    place: str
    says: str

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "place": self.place, "says": self.says}


@dataclass(frozen=True, slots=True)
class NotArrived:
    """A prefetch key that brought less than was asked for. `key` and `query` are the line to paste, `scope` what a
    token needs for the query; `type` is the resource type that is missing.

    `counts_as_none`: by CDS Hooks it says that there is none, so nothing waits for it.
    """

    key: str
    query: str
    scope: str
    type: str
    state: str
    says: str
    counts_as_none: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "state": self.state,
            "says": self.says,
            "paste": {"key": self.key, "query": self.query},
            "scope": self.scope,
        }


@dataclass(frozen=True, slots=True)
class UnreadArrival:
    """An entry that arrived and could not be read: where it stands, what it is, and why. Empty where it has no code or
    unit, or one that may be somebody's words."""

    place: str
    type: str
    why: str
    says: str
    system: str = ""
    code: str = ""
    display: str = ""
    unit: str = ""
    status: str = ""

    def as_json(self) -> dict[str, Any]:
        names = ("place", "type", "why", "says", "system", "code", "display", "unit", "status")
        return {name: value for name in names if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the criteria of a trial wait for: a place in the request, with why and the ids of the criteria."""

    place: str
    says: str
    criteria: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"place": self.place, "says": self.says, "criteria": list(self.criteria)}


@dataclass(frozen=True, slots=True)
class TrialReport:
    """A trial that is not ruled out, and what it waits for; nothing where all that it asks for was read."""

    id: str
    title: str
    verdict: str
    waiting: tuple[Waiting, ...]

    def as_json(self) -> dict[str, Any]:
        waiting = [one.as_json() for one in self.waiting]
        return {"id": self.id, "title": self.title, "verdict": self.verdict, "waiting": waiting}


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes that a token needs. `missing`: those that it lacks; `None` where that can't be told."""

    needed: tuple[str, ...]
    missing: tuple[str, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        return {"needed": list(self.needed), "missing": None if self.missing is None else list(self.missing)}


@dataclass(frozen=True, slots=True)
class RequestReport:
    """All that is said of one request. `ruled_out`: how many trials need nothing, since something rules them out.

    `status`: what the service answers with. `aliases`: keys that are not known, each with the key that its content
    belongs to.
    """

    hook: str
    duties: tuple[Duty, ...]
    status: int
    cards: int = 0
    faults: tuple[RequestFault, ...] = ()
    not_arrived: tuple[NotArrived, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    unread: tuple[UnreadArrival, ...] = ()
    trials: tuple[TrialReport, ...] = ()
    ruled_out: int = 0
    scopes: Scopes = Scopes(())

    def as_json(self) -> dict[str, Any]:
        return {
            "hook": self.hook,
            "answer": {"status": self.status, "cards": self.cards},
            "duties": [one.as_json() for one in self.duties],
            "faults": [one.as_json() for one in self.faults],
            "not_arrived": [one.as_json() for one in self.not_arrived],
            "prefetch_aliases": dict(self.aliases),
            "not_understood": [one.as_json() for one in self.unread],
            "trials": [one.as_json() for one in self.trials],
            "ruled_out": self.ruled_out,
            "scopes": self.scopes.as_json(),
        }
