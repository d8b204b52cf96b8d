"""What was seen of a client over several requests: for each duty and each address the last that was judged."""

from collections.abc import Iterable, Mapping

from cds_service.doctor.pages import SECTIONS, DutyName
from cds_service.doctor.report import Duty, State

NOT_CALLED: Mapping[DutyName, str] = {
    "request": "No hook request came.",
    "registration": "Nobody called.",
    "token": "Nobody called.",
    "prefetch": "No hook request came.",
    "fhir_access": "No hook request came.",
    "feedback": "No feedback came: accept or dismiss a card.",
    "display": "No feedback on a card came, and nothing else shows that a card was displayed.",
}
"""What is said of a duty that nothing showed while doctor stood in for the service."""
IN_A_FILE: Mapping[DutyName, str] = {
    "request": "It can't be read.",
    "registration": "A file can't show who sends it. `cds-service doctor http://127.0.0.1:9000` sees that.",
    "token": "It travels in a header, not in the request. `cds-service doctor http://127.0.0.1:9000` sees it.",
    "prefetch": "It can't be read.",
    "fhir_access": "It can't be read.",
    "feedback": "It comes later, when a card is accepted or dismissed; a request can't show it.",
    "display": "A request can't show what the client makes of the answer.",
}
"""The same of one request in a file."""
_IN_TURN: tuple[State, ...] = ("red", "not seen", "green")


class Summary:
    """Collects duties. One that is red at one address and green at another is red."""

    def __init__(self, not_seen: Mapping[DutyName, str] = IN_A_FILE) -> None:
        self._not_seen = not_seen
        self._seen: dict[tuple[DutyName, str], Duty] = {}

    def add(self, duties: Iterable[Duty], address: str = "") -> None:
        """Take note of what was seen last; what is green stays so while nothing judges it again."""
        for duty in duties:
            before = self._seen.get((duty.name, address))
            if duty.state != "not seen" or before is None or before.state != "green":
                self._seen[duty.name, address] = duty

    def duties(self) -> tuple[Duty, ...]:
        """Every duty, in the order in which they are met."""
        return tuple(self._duty(name) for name in SECTIONS)

    def is_well(self) -> bool:
        """Whether every duty that can be judged is green."""
        return all(duty.state != "red" for duty in self.duties())

    def _duty(self, name: DutyName) -> Duty:
        found = [duty for (seen, _), duty in self._seen.items() if seen == name]
        judged = [duty for duty in found if duty.state != "not seen"] or found
        worst = min(judged, key=lambda duty: _IN_TURN.index(duty.state), default=None)
        return worst or Duty(name, "not seen", self._not_seen[name])
