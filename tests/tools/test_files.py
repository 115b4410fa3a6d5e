"""Files below one folder: no way out, never half, once a key, and back again."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.adapters.tools.python import PythonTool
from podium.adapters.tools.threads import Threads
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.testing.conformance.tools import call, refusal
from podium.tools import files
from podium.tools.files import FilesSettings

K1, K2, K3, R1, R2 = (EffectKey(f"{number:032x}") for number in range(1, 6))


@pytest.fixture
def settings(tmp_path: Path) -> FilesSettings:
    return FilesSettings(root=tmp_path / "out", max_bytes=1_000)


@pytest.fixture
def root(settings: FilesSettings) -> Path:
    settings.root.mkdir()
    return settings.root


def refused(function: Callable[[], object]) -> EffectError:
    with pytest.raises(EffectError) as caught:
        function()
    return caught.value


def test_what_is_written_can_be_read_listed_and_found(settings: FilesSettings) -> None:
    written = files.write("notes/today.md", "grüße ✓", K1, settings)

    assert written == {
        "path": "notes/today.md",
        "location": str(settings.root / "notes/today.md"),
        "bytes": 11,
        "sha256": hashlib.sha256("grüße ✓".encode()).hexdigest(),
    }
    assert files.read("notes/today.md", settings) == "grüße ✓"
    assert files.exists("notes/today.md", settings)
    assert files.exists("notes", settings)
    assert files.list_(settings) == [{"path": "notes", "kind": "folder", "bytes": 0}]
    assert files.list_(settings, "notes") == [{"path": "notes/today.md", "kind": "file", "bytes": 11}]


def test_the_same_key_writes_once_and_returns_the_first_result(settings: FilesSettings) -> None:
    first = files.write("a.md", "one", K1, settings)
    (settings.root / "a.md").write_text("edited by a person")

    assert files.write("a.md", "one", K1, settings) == first
    assert files.read("a.md", settings) == "edited by a person"


def test_a_key_that_stands_for_another_write_is_refused(settings: FilesSettings) -> None:
    files.write("a.md", "one", K1, settings)

    error = refused(lambda: files.write("a.md", "two", K1, settings))

    assert (error.code, error.landed) == ("EF033", "no")
    assert files.read("a.md", settings) == "one"


def test_restore_puts_the_version_before_back_step_by_step(settings: FilesSettings) -> None:
    files.write("a.md", "one", K1, settings)
    files.write("a.md", "two", K2, settings)

    assert files.restore("a.md", R1, settings)["exists"]
    assert files.read("a.md", settings) == "one"
    assert not files.restore("a.md", R2, settings)["exists"]
    assert not files.exists("a.md", settings)
    assert refused(lambda: files.restore("a.md", K3, settings)).code == "EF035"


def test_restoring_twice_with_one_key_restores_once(settings: FilesSettings) -> None:
    files.write("a.md", "one", K1, settings)
    files.write("a.md", "two", K2, settings)

    assert files.restore("a.md", R1, settings) == files.restore("a.md", R1, settings)
    assert files.read("a.md", settings) == "one"


def test_a_file_that_podium_did_not_make_comes_back_with_its_mode(root: Path, settings: FilesSettings) -> None:
    (root / "a.sh").write_text("#!/bin/sh")
    (root / "a.sh").chmod(0o750)

    files.write("a.sh", "#!/bin/bash", K1, settings)
    mode_between = stat.S_IMODE((root / "a.sh").stat().st_mode)
    files.restore("a.sh", R1, settings)

    assert (root / "a.sh").read_text() == "#!/bin/sh"
    assert (mode_between, stat.S_IMODE((root / "a.sh").stat().st_mode)) == (0o750, 0o750)


def test_restore_does_not_overwrite_what_a_person_changed_since(root: Path, settings: FilesSettings) -> None:
    files.write("a.md", "one", K1, settings)
    (root / "a.md").write_text("edited")

    error = refused(lambda: files.restore("a.md", R1, settings))

    assert (error.code, error.landed) == ("EF034", "no")
    assert (root / "a.md").read_text() == "edited"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/passwd", "is not relative"),
        ("../a", "goes up"),
        ("a/../../b", "goes up"),
        (".podium-keys/x.json", "is reserved"),
        ("./.podium-keys/lock", "is reserved"),
        ("a\0b", "no usable path"),
        ("a/" * 65 + "b", "no usable path"),
        ("", "names no file"),
        (".", "names no file"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(settings: FilesSettings, path: str, why: str) -> None:
    for error in (
        refused(lambda: files.write(path, "x", K1, settings)),
        refused(lambda: files.read(path, settings)),
        refused(lambda: files.restore(path, K1, settings)),
    ):
        assert (error.code, error.landed) == ("EF030", "no")
        assert why in error.message


def test_links_below_the_root_are_not_followed(root: Path, settings: FilesSettings, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")

    assert refused(lambda: files.read("folder/secret", settings)).code == "EF030"
    assert refused(lambda: files.read("file", settings)).code == "EF030"
    assert refused(lambda: files.write("folder/new", "x", K1, settings)).code == "EF030"
    assert refused(lambda: files.write("file", "x", K2, settings)).code == "EF030"
    assert refused(lambda: files.list_(settings, "folder")).code == "EF030"
    assert files.list_(settings) == [
        {"path": "file", "kind": "other", "bytes": 0},
        {"path": "folder", "kind": "other", "bytes": 0},
    ]
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")

    files.write("a.md", "x", K1, FilesSettings(root=tmp_path / "out"))

    assert (tmp_path / "real" / "a.md").read_text() == "x"


def test_a_pipe_in_the_place_of_a_file_does_not_stop_us(root: Path, settings: FilesSettings) -> None:
    os.mkfifo(root / "pipe")

    assert refused(lambda: files.read("pipe", settings)).code == "EF030"
    assert refused(lambda: files.write("pipe", "x", K1, settings)).code == "EF030"


def test_a_folder_is_no_file_and_a_file_no_folder(root: Path, settings: FilesSettings) -> None:
    (root / "folder").mkdir()
    (root / "file").write_text("x")

    assert refused(lambda: files.write("folder", "x", K1, settings)).code == "EF030"
    assert refused(lambda: files.write("file/a", "x", K2, settings)).code == "EF030"
    assert refused(lambda: files.list_(settings, "file")).code == "EF030"


def test_sizes_and_text_are_bounded(root: Path, settings: FilesSettings) -> None:
    (root / "large").write_bytes(b"x" * 1_001)
    (root / "binary").write_bytes(b"\xff")

    assert refused(lambda: files.write("a", "x" * 1_001, K1, settings)).code == "EF032"
    assert refused(lambda: files.write("a", "\ud800", K1, settings)).code == "EF032"
    assert refused(lambda: files.read("large", settings)).code == "EF032"
    assert refused(lambda: files.read("binary", settings)).code == "EF032"


def test_what_is_not_there_is_named(settings: FilesSettings) -> None:
    error = refused(lambda: files.read("a/b", settings))

    assert (error.code, error.kind) == ("EF031", "failed")
    assert not files.exists("a/b", settings)


def test_what_the_system_refuses_is_told_in_its_words(root: Path, settings: FilesSettings) -> None:
    error = refused(lambda: files.write("x" * 300, "x", K1, settings))

    assert (error.code, error.kind, error.landed) == ("EF036", "failed", "unknown")
    assert error.message.endswith("could not be used: File name too long")


@pytest.mark.anyio
async def test_it_is_a_tool_like_any_other(tmp_path: Path) -> None:
    port = PythonTool("podium.tools.files", {"root": str(tmp_path)}, threads=Threads())

    functions = await port.functions()
    written = await call(port, "write", path="a.md", text="x")

    assert {name: (info.effect, info.delivery) for name, info in functions.items()} == {
        "read": ("read", "repeatable"),
        "exists": ("read", "repeatable"),
        "list": ("read", "repeatable"),
        "write": ("write", "keyed"),
        "preview_write": ("read", "repeatable"),
        "restore": ("write", "keyed"),
    }
    assert set(functions["write"].parameters["properties"]) == {"path", "text"}
    assert functions["write"].result.problems(written) == []
    assert await call(port, "list") == [{"path": "a.md", "kind": "file", "bytes": 1}]


@pytest.mark.anyio
async def test_unknown_and_missing_settings_are_named() -> None:
    unknown = await refusal(PythonTool("podium.tools.files", {"root": ".", "rot": 1}, threads=Threads()), "read")
    missing = await refusal(PythonTool("podium.tools.files", {}, threads=Threads()), "read")

    assert (unknown.code, unknown.message) == (
        "EF013",
        "the settings of `podium.tools.files` are wrong: `rot`: Extra inputs are not permitted",
    )
    assert missing.message == "the settings of `podium.tools.files` are wrong: `root`: Field required"
    assert missing.help == "it takes `root`, `max_bytes`"


def test_a_preview_shows_what_a_write_would_change_and_changes_nothing(settings: FilesSettings, root: Path) -> None:
    (root / "a.md").write_text("one\ntwo\n")

    told = files.preview_write("a.md", "one\n2", settings)

    assert told == "--- a.md\n+++ a.md\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n\\ no newline at the end\n"
    assert (root / "a.md").read_text() == "one\ntwo\n"
    assert files.preview_write("a.md", "one\ntwo\n", settings) == ""


def test_a_preview_of_a_new_file_shows_all_of_it_and_makes_no_folder(settings: FilesSettings) -> None:
    assert files.preview_write("b/c.md", "x\n", settings) == "--- /dev/null\n+++ b/c.md\n@@ -0,0 +1 @@\n+x\n"
    assert not (settings.root / "b").exists()


@pytest.mark.parametrize("path", ["../a.md", "/etc/passwd", ""])
def test_a_preview_reaches_no_further_than_a_write(settings: FilesSettings, path: str) -> None:
    assert refused(lambda: files.preview_write(path, "x", settings)).code == "EF030"
