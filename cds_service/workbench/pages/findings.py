"""What is wrong with an edited trial, and what it would change."""

from collections.abc import Callable, Iterable, Mapping

from cds_service.rule_tools.cases import said
from cds_service.workbench.elements import Text, badge, box, button, link
from cds_service.workbench.pages.layout import WorkbenchPlace
from cds_service.workbench.views import DraftCheck, DraftProblem

_MOST = 25


def show_findings(problems: Iterable[DraftProblem], go_to: Callable[[str, int], None]) -> None:
    """Each problem with its line, which can be gone to."""
    problems = tuple(problems)
    if not problems:
        return
    with box("ul", "findings", aria_label="Findings"):
        for problem in problems[:_MOST]:
            with box("li", f"finding {problem.severity}"):
                where = problem.file if problem.line is None else f"{problem.file} line {problem.line}"
                if problem.line is None:
                    Text("span", where, "tag")
                else:
                    line = problem.line
                    button(where, lambda file=problem.file, line=line: go_to(file, line), "plain")
                Text("strong", problem.severity)
                Text("span", problem.text)
                if problem.hint:
                    Text("span", problem.hint, "hint")
        if len(problems) > _MOST:
            Text("li", f"and {len(problems) - _MOST} more")


def show_effect(checked: DraftCheck, place: WorkbenchPlace, people: Mapping[str, str]) -> None:
    """What differs from the rules in use, and whose verdict flips. `people`: who each sample is."""
    if checked.change is not None:
        Text("h2", "What you changed")
        with box("ul", "changes"):
            for change in checked.change.changes:
                Text("li", f"{change.what}: {change.old} → {change.new}")
            for criterion in checked.change.criteria:
                with box("li"):
                    Text("strong", f"{said(criterion.place)} {criterion.kind}")
                    for change in criterion.changes:
                        Text("span", f" {change.what}: {change.old} → {change.new}. ")
    elif checked.draft.trial is not None:
        Text("p", "The rules mean the same as those in use.", "hint")
    _flips(checked, place, people)


def _flips(checked: DraftCheck, place: WorkbenchPlace, people: Mapping[str, str]) -> None:
    if checked.draft.trial is None:
        return
    flipped = [f for f in checked.flips if f.flips]
    others = [f for f in checked.flips if not f.flips]
    Text("h2", f"Patients whose verdict flips: {len(flipped)}")
    if flipped:
        with box("ul", "flips", aria_label="Flipped patients"):
            for flip in flipped:
                with box("li"):
                    link(people.get(flip.patient, flip.patient), place.to("patients", flip.patient))
                    badge(flip.old)
                    Text("span", "→", "arrow", aria_label="becomes", role="img")
                    badge(flip.new)
                    because = ", ".join(f"{said(c.place)} {c.old} → {c.new}" for c in flip.because[:4])
                    Text("span", because, "told")
    if others:
        names = ", ".join(people.get(f.patient, f.patient) for f in others[:8])
        Text("p", f"Single outcomes differ, the verdict doesn't, for {len(others)}: {names}.", "hint")
