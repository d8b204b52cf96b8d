"""How changes of value sets look in a terminal: what each has more and less, and which releases that is from."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import typer

from cds_service.facts.catalogue import PRINTED_SYSTEMS
from cds_service.terminology.compile import Compilation, CompiledSet, CompileProblem
from cds_service.terminology.diff import CodesDifference, SetMember
from cds_service.terminology.sources import Concept, ReleasedCodes, Source

_MOST_PLACES = 3


def printed(system: str) -> str:
    """A code system for people."""
    return PRINTED_SYSTEMS.get(system, system)


def show_sources(specs: Iterable[str], sources: Iterable[Source]) -> None:
    """What each source holds: systems and versions."""
    for spec, source in zip(specs, sources, strict=True):
        held = ", ".join(f"{printed(one.system)} {one.version}" for one in source.releases)
        typer.echo(f"{spec.rstrip(':')}: {held or 'no code system that is known beforehand'}")


def show_compilation(found: Compilation, released: ReleasedCodes, asked: frozenset[str] | None) -> None:
    """The sets that differ, or that were asked for by name, and what no source answered, by reason."""
    for one in found.sets:
        if one.added or one.dropped or one.kept or (asked is not None and one.set_id in asked):
            _show_set(one, released)
    changed = sum(bool(one.added or one.dropped) for one in found.sets)
    typer.echo(f"{len(found.sets)} value sets, {changed} with other members than before")
    _show_problems([problem for one in found.sets for problem in one.problems])


def _show_set(one: CompiledSet, released: ReleasedCodes) -> None:
    counts = f"{len(one.added)} added, {len(one.dropped)} dropped, {one.unchanged} unchanged"
    kept = f", {len(one.kept)} of them kept that the source does not confirm" if one.kept else ""
    typer.echo(f"{one.set_id}: {counts}{kept}")
    for sign, codes in (("+", one.added), ("-", one.dropped), ("?", one.kept)):
        for system, code in codes:
            typer.echo(_line(sign, SetMember(system, code), _name(released.concept(system, code))))


def _name(concept: Concept | None) -> str:
    return "" if concept is None else concept.display


def _line(sign: str, member: SetMember, name: str) -> str:
    below = " and all below" if member.with_below else ""
    out = " left out" if member.left_out else ""
    return f"  {sign} {printed(member.system)} {member.code}{below}{out}" + (f"  {name}" if name else "")


def _show_problems(problems: Iterable[CompileProblem]) -> None:
    def by_reason(one: CompileProblem) -> tuple[str, str]:
        return one.reason, one.set_id

    for reason, several in groupby(sorted(problems, key=by_reason), key=lambda one: one.reason):
        told = list(several)
        keep = "1 filter keeps what it" if len(told) == 1 else f"{len(told):,} filters keep what they"
        typer.echo(f"{keep} gave before: {reason}", err=True)
        for set_id, of_set in groupby(told, key=lambda one: one.set_id):
            places = [one.place for one in of_set]
            more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
            typer.echo(f"  {set_id}: {', '.join(places[:_MOST_PLACES])}{more}", err=True)


def show_difference(found: CodesDifference, sides: tuple[str, str], released: ReleasedCodes) -> None:
    """The releases of both sides, and by set what came and went."""
    for word, folder, releases in (
        ("old", sides[0], found.old_releases),
        ("new", sides[1], found.new_releases),
    ):
        typer.echo(f"{word}: {folder}: {', '.join(_versions(releases)) or 'no expansion'}")
    for one in found.sets:
        where = {"old": " (no such set any more)", "new": " (a new set)"}.get(one.only_in, "")
        counts = f"{len(one.added)} added, {len(one.dropped)} dropped, {one.unchanged} unchanged"
        typer.echo(f"{one.set_id}{where}: {counts}")
        for sign, members in (("+", one.added), ("-", one.dropped)):
            for member, name in members:
                typer.echo(_line(sign, member, _name(released.concept(member.system, member.code)) or name))
    for lost in found.not_compared:
        typer.echo(f"{lost.set_id}: not compared: {lost.place}: {lost.reason}", err=True)
    typer.echo(f"{len(found.sets)} value sets differ, {found.same} do not, {len(found.not_compared)} are not compared")


def _versions(releases: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for system, versions in releases.items():
        yield f"{printed(system)} {' and '.join(one or 'of an unnamed release' for one in versions)}"


def difference_json(found: CodesDifference, sides: tuple[str, str], released: ReleasedCodes) -> dict[str, object]:
    """`{"old": {"folder", "releases"}, "new", "sets": [{"id", "only_in", "added": [{"system", "code", "with_below",
    "left_out", "display"}], "dropped", "unchanged"}], "same", "not_compared": [{"id", "place", "reason"}]}`."""

    def listed(members: Iterable[tuple[SetMember, str]]) -> list[dict[str, object]]:
        return [
            {**one._asdict(), "display": _name(released.concept(one.system, one.code)) or name or None}
            for one, name in members
        ]

    return {
        "old": {"folder": sides[0], "releases": found.old_releases},
        "new": {"folder": sides[1], "releases": found.new_releases},
        "sets": [
            {
                "id": one.set_id,
                "only_in": one.only_in or None,
                "added": listed(one.added),
                "dropped": listed(one.dropped),
                "unchanged": one.unchanged,
            }
            for one in found.sets
        ],
        "same": found.same,
        "not_compared": [{"id": one.set_id, "place": one.place, "reason": one.reason} for one in found.not_compared],
    }
