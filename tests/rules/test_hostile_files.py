"""Rule files as somebody hostile or careless lays them: a finding names the place of each, nothing waits for one, and
the other trials stand."""

import gzip
import json
import os
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cds_service.app import create_app
from cds_service.cds_hooks import open_log
from cds_service.errors import Finding, RulesError
from cds_service.library import Library, check_library, load_library
from cds_service.rule_files import MOST_BYTES, MOST_OF_A_KIND, read_file
from cds_service.rule_tools import check_rules
from cds_service.server import LiveRules
from cds_service.settings import Settings, default_rules_dir
from cds_service.trials import CacheFolder, RulesMemory, stored
from tests.growth.counting import lines_run

OWN = default_rules_dir()
SOUND = "NCT07083349"
TRIAL = "trials/NCT00000000/trial.json"
PLACED = frozenset({"unreadable-file", "link-outside", "no-trial-file"})
LIMIT = 2.3
"""Twice as much may cost that many times as much."""

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

Lay = Callable[[Path], object]


def linked(source: Path, folder: Path) -> Path:
    """The rules folder of the service with files of its own in `trials/`, the rest of it linked."""
    (folder / "trials" / SOUND).mkdir(parents=True)
    for name in ("trial.json", "cases.json"):
        shutil.copy(source / "trials" / SOUND / name, folder / "trials" / SOUND / name)
    for part in source.iterdir():
        if part.name != "trials":
            (folder / part.name).symlink_to(part)
    return folder


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return linked(OWN, tmp_path / "rules")


@pytest.fixture
def own_rules(tmp_path: Path) -> Path:
    """A rules folder without any link."""
    return Path(shutil.copytree(OWN, tmp_path / "own"))


def trial(**fields: Any) -> dict[str, Any]:
    """A sound trial, but for what is given."""
    sound = json.loads((OWN / "trials" / SOUND / "trial.json").read_text(encoding="utf-8"))
    return {**sound, "id": "NCT00000000", **fields}


def nested(levels: int) -> str:
    return json.dumps(trial())[:-1] + ', "notes": ' + "[" * levels + "]" * levels + "}"


def as_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        # A path of a socket has at most 107 bytes.
        before = os.getcwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(before)


NO_FILES: dict[str, tuple[Lay, str]] = {
    "a link that leads nowhere": (lambda path: path.symlink_to("gone"), "No such file"),
    "a link round": (lambda path: path.symlink_to(path.name), "symbolic links"),
    "a named pipe": (os.mkfifo, "a named pipe, no file"),
    "a link to a pipe": (lambda path: (os.mkfifo(path.parent / "pipe"), path.symlink_to("pipe")), "a named pipe"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "a device, no file"),
    "a folder": (lambda path: path.mkdir(), "a folder, no file"),
    "a socket": (as_socket, "a socket, no file"),
    "100 MB": (lambda path: (path.touch(), os.truncate(path, 100_000_000)), "more than"),
    "UTF-16": (lambda path: path.write_text("{}", encoding="utf-16"), "not UTF-8"),
    "half a character": (lambda path: path.write_bytes(b'{"a": "\xc3"}'), "not UTF-8"),
    "NaN": (lambda path: path.write_text('{"a": NaN}'), "NaN is not a JSON number"),
    "a number without end": (lambda path: path.write_text('{"a": 1e999}'), "too large"),
    "a number of 5,000 digits": (lambda path: path.write_text('{"a": %s}' % ("9" * 5_000)), "too large"),
    "NUL": (lambda path: path.write_text('{"a": "\0"}'), "not JSON"),
    "nothing": (lambda path: path.write_text(""), "not JSON"),
    **{
        f"{levels:,} levels": (lambda path, n=levels: path.write_text(nested(n)), "nested deeper than 200 levels")
        for levels in (201, 500, 900, 990, 5_000, 100_000)
    },
}
"""What may lie where a rule file belongs, and a part of the message about it."""

PLACES = ("facts/new.json", "facts/units.json", "facts/judged.json", "valuesets/new.json", "expansions/own-names.json")
"""Rule files that are no trials; the second and third are tables."""


def about(file: str, findings: tuple[Finding, ...]) -> list[str]:
    return [one.message for one in findings if one.file == file and one.severity == "error"]


def checked(rules: Path, library: Library) -> tuple[Finding, ...]:
    """What `rules check` finds in the trials alone; the links of the folder are gone then."""
    for part in rules.iterdir():
        if part.is_symlink():
            part.unlink()
    return check_rules(rules, lambda: (library.facts, ()))[1]


@pytest.mark.parametrize("what", NO_FILES)
def test_in_place_of_a_trial_it_is_a_finding_and_the_other_trial_stands(
    what: str, rules: Path, library: Library
) -> None:
    lay, says = NO_FILES[what]
    (rules / TRIAL).parent.mkdir()
    lay(rules / TRIAL)
    loaded, found = check_library(rules, library)
    assert loaded is not None
    assert [one.id for one in loaded.stored] == [SOUND]
    [message] = about(TRIAL, found)
    assert says in message
    assert len(message) < 200
    with pytest.raises(RulesError, match="NCT00000000"):
        load_library(rules, library)
    [message] = about(TRIAL, checked(rules, library))
    assert says in message


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "what", ["a link that leads nowhere", "a named pipe", "a folder", "100 MB", "NaN", "500 levels"]
)
def test_in_place_of_another_rule_file_it_is_a_finding(what: str, place: str, tmp_path: Path) -> None:
    lay, says = NO_FILES[what]
    (tmp_path / place).parent.mkdir()
    lay(tmp_path / place)
    [message, *_] = about(place, check_library(tmp_path)[1])
    assert says in message


@pytest.mark.parametrize("place", ["expansions/sle.words", "lexicon.txt.gz"])
@pytest.mark.parametrize("what", ["a link that leads nowhere", "a named pipe", "100 MB"])
def test_in_place_of_a_list_of_words_it_is_a_finding(what: str, place: str, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    NO_FILES[what][0](tmp_path / place)
    assert about(place, check_library(tmp_path)[1])


def test_a_list_of_words_that_unpacks_to_too_much_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "lexicon.txt.gz").write_bytes(gzip.compress(bytes(MOST_BYTES + 1), 1))
    [message] = about("lexicon.txt.gz", check_library(tmp_path)[1])
    assert "unpacks to more than" in message


@pytest.mark.parametrize("what", ["a link that leads nowhere", "a named pipe", "a folder", "NaN", "100,000 levels"])
@pytest.mark.parametrize("name", ["site.json", "systems.json", "phrases/words.json", "conceptmaps/own.json"])
def test_in_a_sites_folder_it_is_a_finding_and_the_rules_stand(
    what: str, name: str, tmp_path: Path, library: Library
) -> None:
    site = tmp_path / "site"
    (site / name).parent.mkdir(parents=True)
    NO_FILES[what][0](site / name)
    loaded = load_library(OWN, library, site_dir=site)
    assert about(f"site:{name}", loaded.about_site)


@pytest.mark.parametrize("what", ["a link that leads nowhere", "a named pipe", "NaN"])
def test_in_place_of_test_cases_it_is_a_finding(what: str, rules: Path, library: Library) -> None:
    cases = f"trials/{SOUND}/cases.json"
    (rules / cases).unlink()
    NO_FILES[what][0](rules / cases)
    assert about(cases, checked(rules, library))


@pytest.mark.parametrize(
    ("path", "place", "says"),
    [
        ("trials/NCT00000000/Trial.json", "trials/NCT00000000/Trial.json", "did you mean 'trial.json'?"),
        ("trials/NCT00000000.json", "trials/NCT00000000.json", "<registry number>/trial.json"),
        ("trials/new/NCT00000000/trial.json", "trials/new/NCT00000000/trial.json", "<registry number>/trial.json"),
        ("trials/NCT00000000/trial.jsn", "trials/NCT00000000", "<registry number>/trial.json"),
    ],
)
def test_what_is_silently_no_trial_is_told(path: str, place: str, says: str, rules: Path, library: Library) -> None:
    (rules / path).parent.mkdir(parents=True, exist_ok=True)
    (rules / path).write_text("{}")
    for found in (check_library(rules, library)[1], checked(rules, library)):
        hints = {one.file: (one.code, one.hint) for one in found if one.code == "no-trial-file"}
        assert says in hints[place][1]


def test_a_trials_folder_behind_a_link_that_leads_nowhere_is_told(rules: Path, library: Library) -> None:
    (rules / "trials" / "NCT00000000").symlink_to("gone")
    assert about("trials/NCT00000000", check_library(rules, library)[1])
    assert about("trials/NCT00000000", checked(rules, library))


def test_what_programs_hide_is_nobodys_business(rules: Path, library: Library) -> None:
    folder = rules / "trials" / SOUND
    (folder / ".#trial.json").symlink_to("somebody@somewhere.1234")  # so an editor says that it has the file open
    (rules / "trials" / ".git").mkdir()
    found = check_library(rules, library)[1]
    assert not [one for one in found if one.code in PLACED and one.file.startswith("trials")]


class TestLinks:
    """Followed inside the folder in silence, and outside with a word."""

    def config_map(self, folder: Path, *files: str) -> None:
        """As Kubernetes mounts the files of one."""
        version = folder / "..2026_11_30"
        for name in files:
            (version / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(OWN / name, version / name)
        (folder / "..data").symlink_to(version.name)
        for name in {file.split("/")[0] for file in files}:
            (folder / name).symlink_to(f"..data/{name}")

    def test_a_config_map_of_a_whole_folder(self, tmp_path: Path) -> None:
        files = [path.relative_to(OWN).as_posix() for path in OWN.rglob("*") if path.is_file()]
        self.config_map(tmp_path, *files)
        loaded, found = check_library(tmp_path)
        assert loaded is not None
        assert [one.id for one in loaded.stored] == [path.name for path in sorted((OWN / "trials").iterdir())]
        assert PLACED.isdisjoint(one.code for one in found)

    def test_a_config_map_of_one_trial(self, rules: Path, library: Library) -> None:
        folder = rules / "trials" / SOUND
        shutil.rmtree(folder)
        version = folder / "..2026_11_30"
        version.mkdir(parents=True)
        for name in ("trial.json", "cases.json"):
            shutil.copy(OWN / "trials" / SOUND / name, version / name)
            (folder / name).symlink_to(f"..data/{name}")
        (folder / "..data").symlink_to(version.name)
        loaded, found = check_library(rules, library)
        assert loaded is not None
        assert loaded.trial(SOUND) is not None
        assert not [one for one in found if one.code in PLACED and one.file.startswith("trials")]

    def test_a_link_out_of_the_folder_is_followed_and_told(self, own_rules: Path, tmp_path: Path) -> None:
        for name in (f"trials/{SOUND}", "valuesets", "facts/units.json"):
            (own_rules / name).rename(tmp_path / name.replace("/", "-"))
            (own_rules / name).symlink_to(tmp_path / name.replace("/", "-"))
        loaded, found = check_library(own_rules)
        assert loaded is not None
        assert loaded.trial(SOUND) is not None
        outside = [one.file for one in found if one.code == "link-outside"]
        assert outside == ["facts/units.json", f"trials/{SOUND}", "valuesets"]

    def test_it_is_told_when_the_service_starts(self, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
        create_app(Settings(rules_dir=rules))
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
        [line] = [line for line in lines if line["event"] == "rules_not_in_place"]
        assert "link-outside facts" in line["places"]


@pytest.mark.parametrize("place", [TRIAL, "valuesets/new.json"])
def test_a_remembered_folder_is_looked_at_all_the_same(place: str, own_rules: Path, tmp_path: Path) -> None:
    memory = RulesMemory(CacheFolder(tmp_path / "cache"))
    load_library(own_rules, memory=memory)
    (own_rules / place).parent.mkdir(exist_ok=True)
    (own_rules / place).symlink_to("gone")
    with pytest.raises(RulesError, match=r"new\.json|NCT00000000"):
        load_library(own_rules, memory=memory)


def test_while_it_serves_the_rules_before_go_on_and_it_mends_itself(own_rules: Path) -> None:
    live = LiveRules(own_rules, lambda library: len(library.trials), lambda: NOW, open_log("critical"))
    (own_rules / TRIAL).parent.mkdir()
    (own_rules / TRIAL).symlink_to("gone")
    assert [live.look(), live.look()] == [False, False]
    assert live.rejected is not None
    assert [error["place"] for error in live.rejected.errors()] == [TRIAL]
    (own_rules / TRIAL).with_name("gone").write_text(json.dumps(trial()), encoding="utf-8")
    live.look()
    assert live.look()
    assert live.current.library.trial("NCT00000000") is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_a_finding(own_rules: Path) -> None:
    (own_rules / "trials" / SOUND).chmod(0)
    assert about(f"trials/{SOUND}/", check_library(own_rules)[1])


def test_a_folder_that_can_not_be_listed_is_a_finding(
    rules: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refused(path: str | Path) -> Any:
        if str(path).endswith(f"trials/{SOUND}"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert about(f"trials/{SOUND}/", check_library(rules, library)[1])


def test_a_file_that_grows_while_it_is_read_is_no_larger_than_allowed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("12345")
    assert read_file(path, 5)[0] == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_file(path, 4)


# How the cost of a file grows.


def of_keys(n: int) -> str:
    return '{"state": "active", ' + ", ".join(f'"key{i}": 1' for i in range(n)) + "}"


def of_keys_twice(n: int) -> str:
    return "{" + ", ".join(f'"key{i // 2}": 1' for i in range(2 * n)) + "}"


GROWING: dict[str, Callable[[int], str]] = {
    "duplicate keys": of_keys_twice,
    "unknown keys": of_keys,
    "keys in criteria": lambda n: json.dumps(trial(criteria=[{"id": f"inc-{i}", "no": 1} for i in range(n)])),
    "criteria of one id": lambda n: json.dumps(trial(criteria=[trial()["criteria"][0]] * n)),
    "unknown facts": lambda n: json.dumps(
        trial(
            criteria=[
                {"id": f"inc-{i % 90:02}", "kind": "inclusion", "text": "x", "logic": {"var": f"lab.no{i}"}}
                for i in range(n)
            ]
        )
    ),
    "odd texts": lambda n: "[" + ", ".join(['"\\ud800"'] * n) + "]",
}


@pytest.mark.parametrize("kind", GROWING)
def test_twice_as_long_a_file_is_twice_as_much_work(kind: str, tmp_path: Path, library: Library) -> None:
    rules = library.compiled.rules
    path = tmp_path / "trial.json"

    def cost(n: int) -> int:
        path.write_text(GROWING[kind](n), encoding="utf-8")
        stored.read_trial(path, "trial.json", rules)
        return lines_run(lambda: stored.read_trial(path, "trial.json", rules))

    small, middle, large = cost(200), cost(400), cost(800)
    assert large - middle <= LIMIT * max(middle - small, 100)


class Compared(str):
    """A key that counts how often any of its kind is compared with another."""

    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_no_key_is_compared_with_all_others() -> None:
    from cds_service.rule_files.json_text import _Repeated  # noqa: PLC0415 - what counts comparisons is inside

    keys = [Compared(f"key{i // 2}") for i in range(2_000)]
    made = _Repeated([(key, 1) for key in keys])
    assert len(made.repeated) == 1_000
    assert Compared.times <= 10 * len(keys)


@pytest.mark.parametrize(
    ("content", "code", "count"),
    [
        (of_keys_twice(30_000), "duplicate-key", 30_000),
        (of_keys(20_000), "unknown-key", 20_000),
    ],
    ids=["duplicate", "unknown"],
)
def test_of_many_findings_of_a_kind_a_few_are_shown_and_the_rest_counted(
    content: str, code: str, count: int, rules: Path, library: Library
) -> None:
    (rules / TRIAL).parent.mkdir()
    (rules / TRIAL).write_text(content)
    found = [one for one in checked(rules, library) if one.code == code]
    assert len(found) == MOST_OF_A_KIND
    assert found[-1].message == f"and {count - MOST_OF_A_KIND + 1:,} more of this kind in this file"
    assert {one.severity for one in found} == {"error"}
