"""Prometheus metrics. Labels hold names of ours only: routes, prefetch keys, trials, facts, reasons; never a patient's.

With one worker process the numbers are this process's. With several, `cds-service serve` gives them a common folder
(PROMETHEUS_MULTIPROC_DIR) and whichever worker is asked returns the sum.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from cds_service.facts.catalogue import EventResource
from cds_service.server.metrics_folder import MULTIPROCESS_DIR

CONTENT_TYPE = CONTENT_TYPE_LATEST
OTHER = "other"
NOBODY = "none"
"""The client, where none is configured."""
MOST_TRIALS = 1_000
"""Trials that are labels of their own. Each is up to five time series a worker, kept until it ends."""

# CDS Hooks asks for an answer within half a second.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """All metrics of one application; a process may hold several applications, each with its own."""

    def __init__(self, routes: Iterable[str], prefetch_keys: Iterable[str], override_reasons: Iterable[str]) -> None:
        """The names that may become labels; any other counts as `other`."""
        self._routes = frozenset(routes)
        self._keys = frozenset(prefetch_keys)
        self._reasons = frozenset(override_reasons)
        self._trials_named: set[str] = set()
        self._rule_set: tuple[str, str] | None = None
        self.registry = CollectorRegistry()
        self._requests = self._counter("cds_requests", "Requests answered", "route", "status")
        self._seconds = Histogram(
            "cds_request_seconds",
            "Time from the request's head to the end of the answer",
            ["route"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._running = self._gauge("cds_requests_running", "Requests being answered", "livesum")
        self._prefetch = self._counter("cds_prefetch", "Prefetch keys by what they held", "client", "key", "state")
        self._fetches = self._counter(
            "cds_fhir_fetches", "Keys asked of the FHIR server by outcome", "client", "key", "outcome"
        )
        self._verdicts = self._counter("cds_verdicts", "Verdicts on trials that are in use", "trial", "verdict")
        self._skipped = self._counter("cds_trials_skipped", "Trials that there was no time to look at")
        self._cut_short = self._counter("cds_answers_cut_short", "Answers for which not all trials were looked at")
        self._undetermined = self._counter(
            "cds_undetermined_answers", "Answers in which trials could not be judged, as entries could not be read"
        )
        self._unread = self._counter(
            "cds_unread_entries", "Entries of records that were not understood, once per answer", "kind", "system"
        )
        self._unknown = self._counter(
            "cds_unknown_facts", "Facts that left a criterion open, once per answer", "fact", "reason"
        )
        self._cards = self._counter("cds_cards", "Cards served", "trial")
        self._held_back = self._counter("cds_held_back", "Trials and cards not shown again, per answer", "what")
        self._forgiven = self._counter("cds_forgiven", "Deviations that were forgiven", "client", "deviation")
        self._feedback = self._counter("cds_feedback", "Feedback items received", "outcome", "reason")
        self._written = self._counter("cds_decisions_written", "Decisions written to the log")
        self._dropped = self._counter("cds_decisions_dropped", "Decisions lost to the log", "why")
        self._queued = self._gauge("cds_decisions_queued", "Decisions waiting to be written", "livesum")
        self._failures = self._counter("cds_database_failures", "Uses of the database that failed", "what")
        self._available = self._gauge("cds_database_available", "1 while the database answers", "livemin")
        self._trials = Gauge(
            "cds_rules_trials",
            "Trials loaded, by state",
            ["state"],
            registry=self.registry,
            multiprocess_mode="livemostrecent",
        )
        self._rules = Gauge(
            "cds_rules_info",
            "1 for the rules and the version that run",
            ["version", "rule_set"],
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        self._expected = self._gauge("cds_rules_expected", "1 while the rules are the expected ones", "livemin")
        self._expected.set(1)
        self._rejected = self._gauge("cds_rules_rejected", "1 while the rules folder can't be used", "livemax")

    def request_started(self) -> None:
        self._running.inc()

    def request_ended(self, path: str, status: int, seconds: float) -> None:
        """`path` as requested; one that is not served counts under `other`."""
        route = path if path in self._routes else OTHER
        self._running.dec()
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def prefetch_keys(self, keys: Iterable[str]) -> None:
        """The names that may become labels from now on; they change with the rules."""
        self._keys = frozenset(keys)

    def prefetched(self, client: str | None, states: Mapping[str, str]) -> None:
        """The state of each key of a client's request; `absent` for a key of ours that was not sent."""
        for key, state in states.items():
            self._prefetch.labels(client or NOBODY, key if key in self._keys else OTHER, state).inc()

    def fetched(self, client: str | None, outcomes: Mapping[str, str]) -> None:
        """The outcome of each key fetched from the FHIR server: `whole` or `failed`."""
        for key, outcome in outcomes.items():
            self._fetches.labels(client or NOBODY, key if key in self._keys else OTHER, outcome).inc()

    def answered(
        self, verdicts: Mapping[str, str], unknown: Iterable[tuple[str, str]], cards: Iterable[str], held_back: int
    ) -> None:
        """One answer: the verdict of each evaluated trial, (fact, reason) of each unknown, the trials of its cards."""
        for trial, verdict in verdicts.items():
            self._verdicts.labels(self._named(trial), verdict).inc()
        for fact, reason in unknown:
            self._unknown.labels(fact, reason).inc()
        for trial in cards:
            self._cards.labels(self._named(trial)).inc()
        if held_back:
            self._held_back.labels("cards").inc(held_back)

    def cut_short(self, skipped: int) -> None:
        """One answer for which `skipped` trials were not evaluated in time; counted even if it is not given."""
        self._skipped.inc(skipped)
        self._cut_short.inc()

    def undetermined(self) -> None:
        """One answer that says that some trials could not be judged."""
        self._undetermined.inc()

    def unread(self, counts: Mapping[tuple[EventResource, str], int]) -> None:
        """Entries that were not understood, by kind of entry and by the common name of their code system."""
        for (kind, system), count in counts.items():
            self._unread.labels(kind, system).inc(count)

    def forgiven(self, client: str | None, deviations: Mapping[str, int]) -> None:
        """What one request was forgiven, by its name in `cds_hooks.leniency`."""
        for name, times in deviations.items():
            self._forgiven.labels(client or NOBODY, name).inc(times)

    def feedback(self, outcome: str, reasons: Iterable[str]) -> None:
        """One item, with the codes of its override reasons."""
        known = sorted({code if code in self._reasons else OTHER for code in reasons})
        for reason in known or ["none"]:
            self._feedback.labels(outcome, reason).inc()

    def decisions_written(self, number: int) -> None:
        self._written.inc(number)

    def decisions_dropped(self, number: int, why: str) -> None:
        """`why`: full, refused or shutdown."""
        self._dropped.labels(why).inc(number)

    def decisions_queued(self, number: int) -> None:
        self._queued.set(number)

    def database_failed(self, what: str) -> None:
        """`what` could not be done: suppression, replay_guard or feedback."""
        self._failures.labels(what).inc()

    def database_available(self, available: bool) -> None:
        self._available.set(available)

    def rules_loaded(self, version: str, rule_set: str, states: Iterable[str]) -> None:
        """The rule set that is in use from now on; `states`: of each trial."""
        if self._rule_set is not None and self._rule_set != (version, rule_set):
            self._rules.labels(*self._rule_set).set(0)
        self._rule_set = (version, rule_set)
        self._rules.labels(version, rule_set).set(1)
        states = list(states)
        for state in ("active", "draft", "retired"):
            self._trials.labels(state).set(states.count(state))

    def rules_expected(self, expected: bool) -> None:
        """Whether the rules in use are those that CDS_EXPECTED_RULES names; also where it names none."""
        self._expected.set(expected)

    def rules_usable(self, usable: bool) -> None:
        """Whether the rules folder as it is now can be used; where not, the previous version is still served."""
        self._rejected.set(not usable)

    def exposition(self) -> bytes:
        """The body of `/metrics`."""
        if MULTIPROCESS_DIR not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)

    def _named(self, trial: str) -> str:
        """The trial as a label: the first ones that come up by their ids, and `other` for those beyond."""
        if trial in self._trials_named:
            return trial
        if len(self._trials_named) >= MOST_TRIALS:
            return OTHER
        self._trials_named.add(trial)
        return trial

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, mode: str) -> Gauge:
        return Gauge(name, text, registry=self.registry, multiprocess_mode=mode)  # type: ignore[arg-type]


def forget_dead_workers() -> None:
    """Drop the gauges of workers that died; a worker does this when it starts in their place."""
    folder = os.environ.get(MULTIPROCESS_DIR)
    if folder is None:
        return
    pids = {path.stem.rpartition("_")[2] for path in Path(folder).glob("gauge_live*.db")}
    for pid in pids:
        if pid.isdigit() and not _is_alive(int(pid)):
            mark_process_dead(int(pid), folder)  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
