"""Replay: a logged answer computed again from its request, and the differences between the two."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.cards import FIRST, answer_seed
from cds_service.cds_hooks import PrefetchedRecord, parse_request, prefetch_templates, response_body, service_for
from cds_service.facts import READING_VERSION, observation_filter_of
from cds_service.library import Library
from cds_service.server.answering import compute, running_versions
from cds_service.server.decision import CARD_OPTIONS, logged_as_of
from cds_service.store import LoggedDecision, RuleSet, Suppressed, digest_of, is_request

_FIRST_READING = 1
"""The version of the reading contract of the time before decisions named one."""
_NOT_LOOKED_AT = "not looked at"
_NOT_THERE = "not there"


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of a replay.

    * `identical`: the answer is the logged one, byte for byte. `response` is the answer as it is computed now.
    * `same_input`: the request is the one that was answered. It never is where keys were `fetched` from the FHIR
      server, since these are put into the request for the replay.
    * `skipped`: trials that there was no time for then. They are left out now too.
    * `reading`: (then, now), where the answer is another one and the record was read by an earlier version of the
      reading contract: what differs may be the reading.
    * `site`: (then, now) the digests of the site's folder, where they differ; empty where there was or is none.
    * `rules`: file below the rules folder: `changed`, `added` or `gone` since. `versions`: what runs now, where that is
      another version than then. `verdicts`: trial: (then, now), where they differ.
    """

    identical: bool
    same_input: bool
    fetched: tuple[str, ...]
    skipped: tuple[str, ...]
    rules: Mapping[str, str]
    versions: Mapping[str, tuple[str, str]]
    verdicts: Mapping[str, tuple[str, str]]
    response: bytes
    reading: tuple[int, int] | None = None
    site: tuple[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """For `cds-service replay --format json`."""
        return {
            "identical": self.identical,
            "same_input": self.same_input,
            "fetched": list(self.fetched),
            "skipped": list(self.skipped),
            "rules": dict(self.rules),
            "versions": {name: {"then": then, "now": now} for name, (then, now) in self.versions.items()},
            "verdicts": {name: {"then": then, "now": now} for name, (then, now) in self.verdicts.items()},
            "reading": _then_now(self.reading),
            "site": _then_now(self.site),
        }


def replay(logged: LoggedDecision, request: bytes, library: Library) -> Replay:
    """Answer `request` as of the logged instant, with the logged options, what was held back then, and without what was
    skipped.

    Client and patient of the seed are those of the log, so that it takes no key. Raises HookError where it is no
    request for the logged hook that gets cards, SeedError, UnknownHook where a later version logged the decision, and
    CdsError where the time zone of then is unknown here.
    """
    decision, options = logged.decision, logged.decision.options
    as_of = logged_as_of(decision)
    observation_filter = observation_filter_of(library.facts, library.facts_read).on(lambda: as_of)
    templates = prefetch_templates(library.catalogue, library.facts_read, library.facts.systems)
    hook_request = parse_request(request, service_for(decision.hook))
    prefetched = PrefetchedRecord(hook_request, options["prefetch_aliases"], observation_filter, templates=templates)
    held = Suppressed(frozenset(options["held_back"]["trials"]), frozenset(options["held_back"]["cards"]))
    skipped = tuple(options.get("skipped", ()))
    instance, version = prefetched.request.hook_instance, options.get("seed", FIRST)
    result, cards, open_trials = compute(
        prefetched.record(),
        library,
        as_of,
        # Decisions of the time before `unread` said nothing of what could not be judged.
        options=CARD_OPTIONS.validate_python({"unread": False, **options["cards"]}),
        seed=answer_seed(instance, decision.client, decision.patient, version),
        held_back=lambda: held,
        skipped=skipped,
    )
    response = response_body([card.body for card in cards], open_trials)
    now = {t.trial.id: t.verdict for t in result.trials}
    identical = digest_of(response) == decision.response_digest
    reading = decision.reading or _FIRST_READING
    sites = decision.site_digest or "", library.site_digest or ""
    return Replay(
        identical=identical,
        same_input=is_request(request, logged.input_digest),
        fetched=tuple(sorted(options["fetched"])),
        skipped=skipped,
        rules=_changes(decision.rules, RuleSet.of(library.files)),
        versions=_versions(logged),
        verdicts=_verdicts(decision.verdicts, now, {trial.id for trial in library.trials}),
        response=response,
        reading=None if identical or reading == READING_VERSION else (reading, READING_VERSION),
        site=None if sites[0] == sites[1] else sites,
    )


def _then_now(pair: tuple[Any, Any] | None) -> dict[str, Any] | None:
    return None if pair is None else {"then": pair[0], "now": pair[1]}


def _verdicts(then: Mapping[str, str], now: Mapping[str, str], there: Collection[str]) -> dict[str, tuple[str, str]]:
    def verdict(trial: str) -> str:
        return now.get(trial, _NOT_LOOKED_AT if trial in there else _NOT_THERE)

    trials = sorted({*then, *now})
    pairs = {trial: (then.get(trial, _NOT_LOOKED_AT), verdict(trial)) for trial in trials}
    return {trial: pair for trial, pair in pairs.items() if pair[0] != pair[1]}


def _changes(then: RuleSet, now: RuleSet) -> dict[str, str]:
    def change(file: str) -> str:
        if file not in now.files:
            return "gone"
        return "changed" if file in then.files else "added"

    files = sorted({*then.files, *now.files})
    return {file: change(file) for file in files if then.files.get(file) != now.files.get(file)}


def _versions(logged: LoggedDecision) -> dict[str, tuple[str, str]]:
    then, now = logged.decision.versions, running_versions()
    pairs = {name: (getattr(then, name), getattr(now, name)) for name in ("service", "language", "engine")}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
