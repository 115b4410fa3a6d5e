"""`podium fmt` and `podium schema`, as a person and a build meet them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from podium.app.nodes import shipped_nodes
from podium.cli.main import app
from podium.spec.schema import workflow_schema

ROUGH = 'name: t   # short\npodium: 1\nnodes: {a: {transform: "x"}}\n'
NEAT = "podium: 1\nname: t  # short\n\nnodes:\n  a: {transform: x}\n"
OLD = "podium: 0\nname: t\nnodes:\n  a: {prompt: x}\n"


def test_a_file_is_put_into_canonical_form_once(place: Path, podium: Callable[..., Any]) -> None:
    (place / "w.yaml").write_text(ROUGH)

    first = podium("fmt", "w.yaml")
    second = podium("fmt", "w.yaml")

    assert (first.code, first.out, first.err) == (0, "", "formatted w.yaml\n1 checked: 1 changed\n")
    assert (second.code, second.out, second.err) == (0, "", "1 checked: 0 changed\n")
    assert (place / "w.yaml").read_text() == NEAT
    assert [path.name for path in place.iterdir()] == ["w.yaml"]


def test_a_check_fails_and_writes_nothing(place: Path, podium: Callable[..., Any]) -> None:
    (place / "rough.yaml").write_text(ROUGH)
    (place / "neat.yaml").write_text(NEAT)

    said = podium("fmt", "--check", "rough.yaml", "neat.yaml")

    assert (said.code, said.err) == (1, "would change rough.yaml\n2 checked: 1 would change\n")
    assert podium("fmt", "--check", "neat.yaml").code == 0
    assert (place / "rough.yaml").read_text() == ROUGH


def test_a_diff_shows_what_would_change_and_writes_nothing(place: Path, podium: Callable[..., Any]) -> None:
    (place / "w.yaml").write_text(ROUGH)

    said = podium("fmt", "--diff", "w.yaml")

    assert said.code == 0
    assert "-name: t   # short" in said.out
    assert "+name: t  # short" in said.out
    assert (place / "w.yaml").read_text() == ROUGH


def test_stdin_goes_to_stdout() -> None:
    said = CliRunner().invoke(app, ["fmt", "--stdin"], input=ROUGH)

    assert (said.exit_code, said.stdout) == (0, NEAT)


def test_a_file_with_mistakes_is_not_touched(place: Path, podium: Callable[..., Any]) -> None:
    (place / "w.yaml").write_text(ROUGH.replace("transform", "transfrom"))

    said = podium("fmt", "w.yaml")

    assert said.code == 2
    assert "SP017" in said.err
    assert (place / "w.yaml").read_text() == ROUGH.replace("transform", "transfrom")


def test_an_older_file_is_upgraded_when_asked(place: Path, podium: Callable[..., Any]) -> None:
    (place / "w.yaml").write_text(OLD)

    refused = podium("fmt", "w.yaml")
    upgraded = podium("fmt", "--upgrade", "w.yaml")

    assert (refused.code, "SP024" in refused.err) == (2, True)
    assert upgraded.code == 0
    assert (place / "w.yaml").read_text() == "podium: 1\nname: t\n\nnodes:\n  a: {llm: x}\n"


def test_windows_line_ends_are_not_canonical(place: Path, podium: Callable[..., Any]) -> None:
    (place / "w.yaml").write_bytes(NEAT.replace("\n", "\r\n").encode())

    assert podium("fmt", "w.yaml").code == 0
    assert (place / "w.yaml").read_bytes() == NEAT.encode()


@pytest.mark.parametrize("arguments", [(), ("--stdin", "w.yaml")])
def test_files_or_stdin_but_not_both(arguments: tuple[str, ...], podium: Callable[..., Any]) -> None:
    assert podium("fmt", *arguments).code == 2


def test_the_schema_is_that_of_this_installation(place: Path, podium: Callable[..., Any]) -> None:
    printed = podium("schema")
    written = podium("schema", "--output", "podium.schema.json")

    expected = json.loads(json.dumps(workflow_schema(shipped_nodes().configs())))
    assert (printed.code, printed.json) == (0, expected)
    assert (written.code, written.out) == (0, "")
    assert (place / "podium.schema.json").read_text() == printed.out


def test_a_schema_that_cannot_be_written_is_said(podium: Callable[..., Any]) -> None:
    said = podium("schema", "--output", "nowhere/podium.schema.json")

    assert (said.code, said.err) == (
        2,
        "error: SP025: cannot write `nowhere/podium.schema.json`: no such file or directory\n  check the path\n",
    )
