"""A site's folder as a whole: `site.json`, checked, and what in the folder is none of its files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from pydantic import ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue import Catalogue, Code, finding
from cds_service.rule_files import SITE, Layers, invalid, is_there, nearest, pointer, read_json
from cds_service.site.settings_file import SITE_FILE, SiteSettings

FILES = (SITE_FILE, "systems.json", "conceptmaps/*.json", "phrases/*.json")
"""What a site's folder may hold."""


@dataclass(frozen=True, slots=True)
class LocalSite:
    """What is known of a site. `order_codes`: its own code of a test by the standard code, `system|code`."""

    settings: SiteSettings = field(default_factory=SiteSettings)
    order_codes: Mapping[str, Code] = field(default_factory=dict)


def load_site(layers: Layers, catalogue: Catalogue, names: Mapping[str, Any]) -> tuple[LocalSite, tuple[Finding, ...]]:
    """The site of these layers, and a finding for each fault. A key with a fault is left out, and the rest counts.

    `names`: of the files of all layers.
    """
    if layers.site is None:
        return LocalSite(), ()
    findings: list[Finding] = []
    if not layers.site.is_dir():
        findings.append(finding("no-site-folder", f"{SITE}.", "", f"{layers.site}: there is no such folder"))
    findings += _unknown_files(name for name in names if name.startswith(SITE) and not name.endswith("/"))
    settings = SiteSettings()
    path = layers.site / SITE_FILE
    if is_there(path):
        content, problems = read_json(path, SITE + SITE_FILE)
        findings += problems
        settings, problems = _settings(content)
        findings += problems
    if "foreign_trials" in settings.model_fields_set and settings.country is None:
        message = "without `country` no trial is known to be abroad"
        findings.append(finding("site-no-country", SITE + SITE_FILE, "/foreign_trials", message, severity="warning"))
    orders: dict[str, Code] = {}
    findings += _orders(settings, catalogue, orders)
    return LocalSite(settings, orders), tuple(findings)


def _unknown_files(names: Iterator[str]) -> Iterator[Finding]:
    for name in names:
        own = name.removeprefix(SITE)
        if not any(fnmatchcase(own, pattern) and own.count("/") == pattern.count("/") for pattern in FILES):
            hint = nearest(own, FILES) or f"there may be {', '.join(FILES)}"
            yield finding("site-unknown-file", name, "", f"{own} is not read", hint=hint, severity="warning")


def _settings(content: Any) -> tuple[SiteSettings, list[Finding]]:
    """The settings without the keys that have a fault."""
    if content is None:
        return SiteSettings(), []
    try:
        return SiteSettings.model_validate(content), []
    except ValidationError as problem:
        findings = invalid(problem, SITE + SITE_FILE, SiteSettings)
        places = [error["loc"] for error in problem.errors()]
        faulty = {str(place[0]) for place in places if place}
        faulty_orders = {place[1] for place in places if len(place) > 1}
    if not isinstance(content, dict) or not faulty:
        return SiteSettings(), findings
    kept = {key: value for key, value in content.items() if key not in faulty}
    codes = content.get("order_codes")
    if isinstance(codes, dict):
        kept["order_codes"] = {fact: code for fact, code in codes.items() if fact not in faulty_orders}
    return SiteSettings.model_validate(kept), findings


def _orders(settings: SiteSettings, catalogue: Catalogue, orders: dict[str, Code]) -> Iterator[Finding]:
    given: dict[str, str] = {}
    for fact, code in settings.order_codes.items():
        at = pointer(["order_codes", fact])
        entry = catalogue.lookup(fact)
        if entry is None:
            hint = nearest(fact, catalogue.facts)
            yield finding("site-order-unused", SITE + SITE_FILE, at, f"there is no fact {fact!r}", hint=hint)
        elif entry.order is None:
            message = f"no card suggests to order {fact}"
            yield finding("site-order-unused", SITE + SITE_FILE, at, message, severity="warning")
        else:
            standard = f"{entry.order.system}|{entry.order.code}"
            if orders.setdefault(standard, code) != code:
                message = f"{given[standard]} is ordered as the same test, with another code"
                yield finding("site-order-unused", SITE + SITE_FILE, at, message)
            given.setdefault(standard, fact)
