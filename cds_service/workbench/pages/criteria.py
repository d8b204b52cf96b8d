"""The criteria of a trial on the screen."""

from collections.abc import Iterable, Mapping

from cds_service.rule_tools.cases import Place
from cds_service.workbench.elements import Text, badge, box
from cds_service.workbench.views import CriterionView, OutcomeView


def show_criteria(
    groups: Iterable[tuple[str, Iterable[CriterionView]]], outcomes: Mapping[Place, OutcomeView], opened: set[str]
) -> None:
    """Each criterion with its outcome; `opened` remembers whose details are open."""
    for title, views in groups:
        Text("h2", title or "Criteria")
        with box("ol", "list"):
            for view in views:
                _criterion(view, outcomes.get(view.place), opened)


def _criterion(view: CriterionView, outcome: OutcomeView | None, opened: set[str]) -> None:
    words = view.words
    changed = outcome is not None and bool(outcome.was)
    with box("li", "criterion changed" if changed else "criterion", data_criterion=words.id):
        with box("div", "bar"):
            Text("strong", words.id)
            Text("span", words.kind, "tag")
            if words.gate:
                Text("span", "gate", "tag")
            if outcome is not None:
                if outcome.was:
                    badge(outcome.was).classes("was")
                    Text("span", "→", "arrow", aria_label="becomes", role="img")
                badge(outcome.outcome)
                if outcome.basis == "presumed":
                    Text("span", "presumed", "tag")
        Text("p", words.text, "text")
        if outcome is not None and outcome.reasons and outcome.outcome != "review":
            with box("ul", "reasons"):
                for reason in outcome.reasons[:4]:
                    Text("li", reason)
                if len(outcome.reasons) > 4:
                    Text("li", f"and {len(outcome.reasons) - 4} more")
        _details(view, opened)


def _details(view: CriterionView, opened: set[str]) -> None:
    words, key = view.words, "/".join(view.place)
    made = box("details")
    if key in opened:
        made.props["open"] = True

    def toggled(now_open: bool) -> None:
        (opened.add if now_open else opened.discard)(key)

    made.on("toggle", lambda e: toggled(bool(e.args)), js_handler="(e) => emit(e.target.open)")
    with made:
        Text("summary", f"Rule, facts and tests of {words.id}")
        if words.rule:
            lead = "Shown only, never decides: " if words.decides == "screen" else ""
            aged = f" (evidence at most {words.lookback} old)" if words.lookback else ""
            _said("In words", f"{lead}{words.rule}{aged}")
        if words.exception:
            _said("Where it fails", words.exception)
        if words.review:
            _said("For a person", words.review)
        for fact in view.facts:
            units = f"; units {', '.join(fact.units)}" if fact.units else ""
            fresh = f"; counts for {fact.fresh_for}" if fact.fresh_for else ""
            _said(f"Fact {fact.name}", f"{fact.title}: {fact.read_from}{units}{fresh}")
        if view.tests:
            _said("Test cases", view.tests)
        if view.logic:
            Text("pre", view.logic, tabindex="0", aria_label=f"Logic of {words.id}")


def _said(what: str, text: str) -> None:
    with box("p", "said"):
        Text("b", what)
        Text("span", text)
