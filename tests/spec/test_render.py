from __future__ import annotations

from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.spec.diagnostic import Diagnostic, Place, SpecError
from podium.spec.load import load, load_file
from podium.spec.render import as_json, render
from podium.spec.suggest import closest, did_you_mean

NODE_TYPES = shipped_nodes().configs()


def finding(place: Place | None, help_: str = "do this", *, secret: bool = False) -> Diagnostic:
    return Diagnostic(
        code="SP000", message="this is wrong", file="a.yaml", place=place, help=help_, loc=("a", 0), secret=secret
    )


def test_a_finding_shows_its_line_its_place_and_the_next_step() -> None:
    told = render([finding(Place(2, 4, 7)), finding(None), finding(None, "")], texts={"a.yaml": "one\n\ttwo three\n"})

    assert told == (
        "a.yaml:2:4: SP000: this is wrong\n"
        "   2 |  two three\n"
        "     |    ^^^ do this\n"
        "a.yaml: SP000: this is wrong\n"
        "     do this\n"
        "a.yaml: SP000: this is wrong\n"
    )


def test_carets_stand_below_wide_characters_too() -> None:
    told = render([finding(Place(1, 4, 6))], texts={"a.yaml": "漢: 字é x"})

    assert told.splitlines()[1:] == ["   1 | 漢: 字é x", "     |     ^^^ do this"]


def test_of_a_long_line_the_part_around_the_place_is_shown() -> None:
    told = render([finding(Place(1, 501, 504))], texts={"a.yaml": "x" * 500 + "bad" + "y" * 500})

    line, carets = told.splitlines()[1:]
    assert len(line) < 180
    assert line[carets.index("^") : carets.rindex("^") + 1] == "bad"


def test_without_the_text_the_place_is_named() -> None:
    assert render([finding(Place(3, 1, 2))], texts={}) == "a.yaml:3:1: SP000: this is wrong\n     do this\n"


def test_a_secret_line_is_not_shown() -> None:
    told = render([finding(Place(1, 1, 4), secret=True)], texts={"a.yaml": "key: hunter2"})

    assert "hunter2" not in told


def test_programs_get_the_same_facts() -> None:
    assert as_json(finding(Place(2, 4, 7))) == {
        "code": "SP000",
        "severity": "error",
        "message": "this is wrong",
        "help": "do this",
        "file": "a.yaml",
        "line": 2,
        "column": 4,
        "end_column": 7,
        "loc": ["a", 0],
    }
    assert as_json(finding(None))["line"] is None


def test_the_error_of_a_file_names_the_first_error() -> None:
    warning = Diagnostic(code="LI001", message="unused", severity="warning", file="a.yaml", place=Place(1, 1, 2))

    error = SpecError([warning, finding(Place(2, 4, 7))], texts={})

    assert (str(error), error.help) == ("SP000: a.yaml:2:4: this is wrong", "do this")


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "hello.yaml"
    path.write_bytes(b"\xef\xbb\xbfpodium: 1\r\nname: hello\r\nnodes: {greet: {llm: Hello.}}\r\n")

    loaded = load_file(path, node_types=NODE_TYPES)

    assert loaded.diagnostics == ()
    assert loaded.workflow == load(loaded.text, file="x", node_types=NODE_TYPES).workflow


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "SP007: cannot read `flow.yaml`: no such file or directory"),
        (b"podium: 1\nname: caf\xe9\n", "SP005: this is not UTF-8 text, from line 2 on"),
        (b"\xff\xfep\x00", "SP005: this is not UTF-8 text, from line 1 on"),
        (b"# " + "ä".encode() * (1 << 20), "SP002: expected a file of at most 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "flow.yaml"
    if content is not None:
        path.write_bytes(content)

    (found,) = load_file(path, node_types=NODE_TYPES).diagnostics

    assert f"{found.code}: {found.message}" == told
    assert found.help


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (found,) = load_file(tmp_path, node_types=NODE_TYPES).diagnostics

    assert found.code == "SP007"


def test_the_nearest_word_is_meant_and_far_ones_are_not() -> None:
    words = ["summarize", "approve", "on_error"]

    assert (closest("sumarize", words), closest("ON-ERROR", words), closest("zebra", words)) == (
        "summarize",
        "on_error",
        None,
    )
    assert did_you_mean("aprove", words) == "did you mean `approve`?"
    assert did_you_mean("", words) == ""
