"""What is remembered of checked rules: when it is used, when it is not, and that nothing depends on it."""

import dataclasses
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from cds_service import library as library_module
from cds_service.cli import app
from cds_service.errors import RulesError
from cds_service.explanation import explain
from cds_service.fhir import read_bundle
from cds_service.library import Library, check_library, load_library
from cds_service.matching import match
from cds_service.settings import SettingsError, default_cache_dir, load_settings
from cds_service.trials import CacheFolder, RulesMemory, remembered_rules
from tests.cards.small_library import library_of, trial

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "fhir_samples" / "patients").glob("*.json"))
DAY = date(2026, 11, 24)
TRIAL = "trials/NCT00000001/trial.json"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small rules folder of two trials."""
    folder = tmp_path_factory.mktemp("original")
    library_of(folder, trial("NCT00000001"), trial("NCT00000002"))
    [rules] = folder.iterdir()
    (rules / "codesystems").mkdir()
    (rules / "codesystems" / "facts.json").write_text('{"resourceType": "CodeSystem"}')
    return rules


@pytest.fixture
def rules(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "rules")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "cds-service"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often a folder has been checked since this was last asked."""
    done: list[Path] = []

    def checking(folder: Path, *arguments: object, **options: object) -> object:
        done.append(folder)
        return check_library(folder, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(library_module, "check_library", checking)

    def asked() -> int:
        count = len(done)
        done.clear()
        return count

    return asked


def load(rules: Path, cache: Path) -> Library:
    return load_library(rules, memory=RulesMemory.below(cache))


def files(cache: Path) -> list[Path]:
    return sorted((cache / "rules").glob("*"))


def test_what_was_checked_is_not_checked_again_and_answers_are_the_same(cache: Path, checks: Callable[[], int]) -> None:
    rules = ROOT / "rules"
    checked, remembered = load(rules, cache), load(rules, cache)
    assert checks() == 1
    for name in ("files", "stamps", "about_facts", "facts_read", "types_read"):
        assert getattr(remembered, name) == getattr(checked, name)
    assert [dataclasses.asdict(one) for one in remembered.stored] == [dataclasses.asdict(one) for one in checked.stored]
    tables = [msgspec.to_builtins(one.facts.valuesets.tables) for one in (checked, remembered)]
    assert tables[0] == tables[1]
    for sample in SAMPLES:
        record = read_bundle(sample.read_bytes())
        for screened in (True, False):
            answers = [explain(match(record, one, DAY, candidates_only=screened)) for one in (checked, remembered)]
            assert answers[0] == answers[1], sample.stem


@pytest.mark.parametrize(
    "name",
    [
        TRIAL,
        "facts/all.json",
        "facts/units.json",
        "facts/systems.json",
        "valuesets/sle.json",
        "codesystems/facts.json",
    ],
)
def test_a_changed_byte_in_any_file_is_checked(name: str, rules: Path, cache: Path, checks: Callable[[], int]) -> None:
    load(rules, cache)
    path = rules / name
    before = path.stat()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(": ", ":\t", 1), encoding="utf-8")
    assert path.stat().st_size == before.st_size
    # Not even a file whose times were put back is taken for what it was.
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    load(rules, cache)
    assert checks() == 2


def test_a_file_more_or_less_is_checked(rules: Path, cache: Path, checks: Callable[[], int]) -> None:
    load(rules, cache)
    shutil.rmtree(rules / "trials" / "NCT00000002")
    assert [t.id for t in load(rules, cache).stored] == ["NCT00000001"]
    (rules / "conceptmaps").mkdir()
    (rules / "conceptmaps" / "site.json").write_text('{"resourceType": "ConceptMap", "group": []}')
    load(rules, cache)
    assert checks() == 3


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        ("__version__", "9.9.9"),
        ("LANGUAGE_VERSION", "9.9"),
        ("version", lambda _: "99"),
        ("_program", lambda: [("facts/units.py", 1, 1)]),
    ],
    ids=["the service", "the language", "the engine", "a file of the program"],
)
def test_another_version_checks_for_itself(  # noqa: PLR0917 (fixtures)
    place: str,
    changed: object,
    original: Path,
    cache: Path,
    checks: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load(original, cache)
    monkeypatch.setattr(remembered_rules, place, changed)
    load(original, cache)
    assert checks() == 2


def test_rules_with_an_error_are_never_remembered(rules: Path, cache: Path) -> None:
    path = rules / TRIAL
    path.write_text(path.read_text().replace('"gate": true', '"gaet": true', 1))
    for _ in range(2):
        with pytest.raises(RulesError, match="unknown-key"):
            load(rules, cache)
    assert files(cache) == []


def test_an_edit_between_hashing_and_loading_is_not_remembered(
    rules: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rules / TRIAL

    def edited(folder: Path, *arguments: object, **options: object) -> object:
        found = check_library(folder, *arguments, **options)  # type: ignore[arg-type]
        path.write_text(path.read_text().replace("Short", "Brief"))
        return found

    monkeypatch.setattr(library_module, "check_library", edited)
    load(rules, cache)
    assert files(cache) == []


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def one_bit_flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def sound_but_of_another_shape(path: Path) -> None:
    CacheFolder(path.parent).write(path.stem, msgspec.msgpack.encode({"tables": {}}))


def no_msgpack(path: Path) -> None:
    CacheFolder(path.parent).write(path.stem, b"\xc1")


def writable_by_others(path: Path) -> None:
    path.chmod(0o666)


def a_link(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILT = [
    *(truncated, emptied, one_bit_flipped, lengthened, sound_but_of_another_shape, no_msgpack),
    *(writable_by_others, a_link, a_pipe),
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_cannot_be_trusted_is_made_anew(
    spoil: Callable[[Path], None], original: Path, cache: Path, checks: Callable[[], int]
) -> None:
    expected = load(original, cache)
    [kept] = files(cache)
    content = kept.read_bytes()
    spoil(kept)
    assert load(original, cache).files == expected.files
    assert checks() == 2
    assert (kept.is_symlink(), kept.read_bytes(), stat.S_IMODE(kept.stat().st_mode)) == (False, content, 0o600)
    load(original, cache)
    assert checks() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_belongs_to_somebody_else_is_not_read(
    what: str, original: Path, cache: Path, checks: Callable[[], int]
) -> None:
    load(original, cache)
    [kept] = files(cache)
    os.chown(kept if what == "file" else kept.parent, 12345, 12345)
    load(original, cache)
    assert checks() == 2
    # A file is replaced by one of ours; a folder of somebody else's is let alone.
    assert kept.stat().st_uid == 0
    load(original, cache)
    assert checks() == (0 if what == "file" else 1)


def test_it_is_for_its_owner_only(original: Path, cache: Path) -> None:
    load(original, cache)
    [kept] = files(cache)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (cache, cache / "rules", kept)]
    assert modes == [0o700, 0o700, 0o600]
    (cache / "rules").chmod(0o755)
    kept.unlink()
    load(original, cache)
    assert stat.S_IMODE((cache / "rules").stat().st_mode) == 0o700


def a_file_in_its_place(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("")


def a_folder_that_others_may_write(cache: Path) -> None:
    (cache / "rules").mkdir(parents=True)
    (cache / "rules").chmod(0o777)


def a_link_to_a_folder(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "rules").symlink_to(cache.parent)


@pytest.mark.parametrize("prepare", [a_file_in_its_place, a_folder_that_others_may_write, a_link_to_a_folder])
def test_a_place_that_will_not_do_is_gone_without(
    prepare: Callable[[Path], None], original: Path, cache: Path, checks: Callable[[], int]
) -> None:
    prepare(cache)
    before = sorted(cache.parent.rglob("*"))
    for _ in range(2):
        load(original, cache)
    assert checks() == 2
    assert sorted(cache.parent.rglob("*")) == before


def test_a_full_disk_and_a_read_only_home_are_gone_without(
    original: Path, cache: Path, checks: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refused)
    load(original, cache)
    assert files(cache) == [], "nothing half-written stays"
    monkeypatch.setattr(Path, "mkdir", refused)
    load(original, cache.parent / "other")
    assert checks() == 2


def test_only_so_many_are_kept_and_what_was_used_last_stays(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path / "cache", most_files=3, most_bytes=10_000)
    for number, name in enumerate("abc"):
        folder.write(name, b"x")
        os.utime(tmp_path / "cache" / f"{name}.cache", ns=(0, number))
    (tmp_path / "cache" / ".unfinished-killed").write_bytes(b"half")
    os.utime(tmp_path / "cache" / ".unfinished-killed", ns=(0, 0))
    (tmp_path / "cache" / "not ours.txt").write_bytes(b"")
    assert folder.read("a") == b"x"
    folder.write("d", b"x")
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [
        "a.cache",
        "c.cache",
        "d.cache",
        "not ours.txt",
    ]
    folder.write("e", b"x" * 9_900)
    assert sorted(path.name for path in (tmp_path / "cache").glob("*.cache")) == ["e.cache"], "too many bytes together"
    folder.write("f", b"x" * 10_001)
    assert folder.read("f") is None, "larger than all may be together"


def test_processes_that_start_at_once_agree(original: Path, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from cds_service.library import load_library as load; "
    code += "from cds_service.trials import RulesMemory as M; "
    code += "print(len(load(Path(sys.argv[1]), memory=M.below(Path(sys.argv[2]))).stored))"
    command = [sys.executable, "-c", code, str(original), str(tmp_path / "cache")]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[0] for process in started] == ["2\n"] * 4
    assert len(files(tmp_path / "cache")) == 1


class TestCommands:
    """Which commands rely on what is remembered."""

    def run(self, *arguments: str, **settings: str) -> str:
        result = CliRunner().invoke(app, arguments, env=settings)
        assert result.exit_code == 0, result.output
        return result.stdout

    @pytest.mark.parametrize(
        ("arguments", "relies"),
        [
            (["match", "--bundle", str(SAMPLES[0])], True),
            (["explain", "--bundle", str(SAMPLES[0]), "--format", "json"], True),
            (["rules", "check"], False),
            (["rules", "show", "NCT00000001"], False),
            (["rules", "digest"], False),
            (["prefetch"], False),
        ],
        ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else None,
    )
    def test_answers_rely_on_it_and_checks_do_not(
        self, arguments: list[str], relies: bool, original: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[object] = []
        monkeypatch.setattr(RulesMemory, "find", lambda _self, files: asked.append(files))
        monkeypatch.setattr(RulesMemory, "keep", lambda *_: None)
        self.run(*arguments, CDS_RULES_DIR=str(original), CDS_RULES_CACHE=str(cache))
        assert bool(asked) is relies

    def test_it_can_be_switched_off(self, original: Path, cache: Path) -> None:
        for value, count in ((str(cache), 1), ("false", 0), ("off", 0)):
            shutil.rmtree(cache, ignore_errors=True)
            settings = {"CDS_RULES_CACHE": value, "XDG_CACHE_HOME": str(cache.parent)}
            self.run("match", "--bundle", str(SAMPLES[0]), CDS_RULES_DIR=str(original), **settings)
            assert len(files(cache)) == count

    def test_the_answer_is_the_same_with_and_without(self, cache: Path) -> None:
        arguments = ["match", "--bundle", str(SAMPLES[0]), "--as-of", "2026-11-24"]
        answers = [json.loads(self.run(*arguments, CDS_RULES_CACHE=v)) for v in ("false", str(cache), str(cache))]
        assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    ("given", "home", "expected"),
    [
        ("/somewhere", "/home/a", "/somewhere/cds-service"),
        ("", "/home/a", "/home/a/.cache/cds-service"),
        ("relative", "/home/a", "/home/a/.cache/cds-service"),
    ],
)
def test_where_it_is(given: str, home: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    monkeypatch.setenv("HOME", home)
    assert default_cache_dir() == Path(expected)
    monkeypatch.setenv("CDS_RULES_CACHE", "true")
    assert load_settings().rules_cache == Path(expected)


def test_a_user_without_a_home_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: object = None) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", nobody)
    assert default_cache_dir() is None
    assert RulesMemory.below(None) is None


def test_an_unusable_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_WORKER_SECONDS", "1")
    with pytest.raises(SettingsError, match="CDS_WORKER_SECONDS"):
        load_settings()
