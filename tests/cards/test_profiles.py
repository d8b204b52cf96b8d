"""What a client can show is data, which a site completes."""

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.cards import PROFILES, CardOptions, ProfileError, cards_for, load_profile
from cds_service.library import Library
from cds_service.settings import Settings, card_options
from tests.cards.stories import Story


def test_the_profiles_that_come_with_the_service() -> None:
    assert list(PROFILES) == ["standard", "epic", "cerner"]
    assert load_profile("cerner").detail == "plain"


def test_a_site_completes_a_profile(tmp_path: Path) -> None:
    code = {"system": "urn:site", "code": "LAB17", "display": "Hb"}
    own = written(
        tmp_path, {"extends": "epic", "link_hosts": ["trials.example.org"], "order_codes": {"urn:a|718-7": code}}
    )
    profile = load_profile(own)
    assert (profile.name, profile.site_codes_only, profile.detail) == ("site", True, "markdown")
    assert profile.opens("trials.example.org")
    assert not profile.opens("clinicaltrials.gov")
    assert profile.order_codes["urn:a|718-7"].code == "LAB17"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"extends": "allscripts"}, "standard, epic, cerner"),
        ({"link_host": ["a"]}, "link_host: Extra inputs"),
        ({"order_codes": {"718-7": {"system": "a", "code": "b"}}}, "order_codes.718-7"),
        ({"detail": "html"}, "detail"),
        (["epic"], "must be an object"),
    ],
)
def test_a_wrong_profile_is_told(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(ProfileError, match=told):
        load_profile(written(tmp_path, content))


@pytest.mark.parametrize(
    ("name", "told"), [("Epic", "no client profile 'Epic'"), ("/nowhere/site.json", "No such file")]
)
def test_a_profile_that_there_is_not_is_told(name: str, told: str) -> None:
    with pytest.raises(ProfileError, match=told):
        load_profile(name)


def test_a_file_that_is_no_json_is_told(tmp_path: Path) -> None:
    (tmp_path / "site.json").write_text("{")
    with pytest.raises(ProfileError, match=r"site\.json"):
        load_profile(str(tmp_path / "site.json"))


def test_a_client_without_the_registry_among_its_hosts_gets_no_link_to_it(library: Library, tmp_path: Path) -> None:
    profile = load_profile(written(tmp_path, {"link_hosts": []}))
    for card in cards_for(Story("sle").matched(library), CardOptions(profile=profile), "seed"):
        assert "links" not in card
        assert "url" not in card["source"]


def test_plain_detail_has_no_markup(library: Library) -> None:
    for card in cards_for(Story("sle").matched(library), CardOptions(profile=PROFILES["cerner"]), "seed"):
        assert "**" not in card["detail"]
        assert "\\" not in card["detail"]
        assert "\n\nMISSING\n• " in card["detail"]
        assert "\n• Order " in card["detail"].split("MISSING")[1]


def test_settings_name_the_profile_and_the_near_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_CLIENT_PROFILE", "cerner")
    monkeypatch.setenv("CDS_NEAR_MISS", "true")
    options = card_options(Settings())
    assert (options.profile, options.near_miss) == (PROFILES["cerner"], True)


def written(folder: Path, content: Any) -> str:
    path = folder / "site.json"
    path.write_text(json.dumps(content))
    return str(path)
