"""`podium lint` for editors and for jobs: formats, standard input, bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dirty_equals import IsPartialDict

Podium = Callable[..., Any]
Write = Callable[..., str]
WARNED = "podium: 1\nname: w\nnodes:\n  paid: {wait: {signal: paid}}\n"


def piped(*args: str, text: str, place: Path) -> subprocess.CompletedProcess[str]:

    command = [str(Path(sys.executable).with_name("podium")), "lint", *args]
    return subprocess.run(command, input=text, capture_output=True, text=True, cwd=place, timeout=60, check=False)


def test_standard_input_has_the_name_that_an_editor_gives_it(place: Path) -> None:
    done = piped("-", "--stdin-file", "flows/pay.yaml", "--strict", text=WARNED, place=place)

    assert (done.returncode, done.stdout.splitlines()[0]) == (
        1,
        "flows/pay.yaml:4:16: LI010: warning: `paid` may wait for ever",
    )


def test_a_log_for_code_hosts_is_one_document(podium: Podium, place: Path) -> None:
    (place / "w.yaml").write_text(WARNED)

    done = podium("lint", "w.yaml", "--format", "sarif")

    assert (done.code, json.loads(done.out)["runs"][0]["results"]) == (0, [IsPartialDict(ruleId="LI010")])


def test_annotations_are_lines_and_nothing_wrong_is_no_line(podium: Podium, place: Path, workflow: Write) -> None:
    (place / "w.yaml").write_text(WARNED)

    marked = podium("lint", "w.yaml", "--format", "github")
    clean = podium("lint", workflow("  a: {transform: 1}\n", name="good"), "--format", "github")

    assert marked.out.startswith("::warning file=w.yaml,line=4,col=16,endColumn=30,title=LI010::")
    assert clean.out == ""


def test_bounds_are_shown_beside_what_is_wrong(podium: Podium, place: Path) -> None:
    (place / "w.yaml").write_text(WARNED)
    (place / "bad.yaml").write_text("podium: 1\nname: bad\nnodes: {a: {transform: '${b.out}'}}\n")

    done = podium("lint", "--bounds", "w.yaml", "bad.yaml", "-o", "json")

    assert done.code == 1
    assert IsPartialDict(file="w.yaml", where="nodes/paid/wait/expires", value="none", written=False) in done.json
    assert "bad.yaml:3:" in done.err


def test_bounds_are_no_findings(podium: Podium, place: Path) -> None:
    (place / "w.yaml").write_text(WARNED)

    done = podium("lint", "--bounds", "--format", "sarif", "w.yaml")

    assert (done.code, "AP060" in done.err) == (2, True)


STRANGER = """podium: 1
name: stranger
inputs: {to: {type: text, default: eve, trust: untrusted}}
tools: {mail: {mcp: [mail-server], effect: write, delivery: keyed, clearance: public}}
nodes:
  send: {tool: mail.send, with: {to: "${inputs.to}"}}
"""


def test_flows_are_shown_with_their_labels_and_ways_also_where_lint_finds_an_error(podium: Podium, place: Path) -> None:
    (place / "s.yaml").write_text(STRANGER)

    done = podium("lint", "--flows", "s.yaml", "-o", "json")

    assert done.code == 1
    assert [(row["part"], row["argument"], row["verdict"], row["way"]) for row in done.json] == [
        ("argument", "to", "ask", ["inputs.to (untrusted)", "mail.send.to"]),
        ("call", None, "deny", ["inputs.to (internal)", "mail.send"]),
    ]
    assert done.json[0] == IsPartialDict(node="send", calls="mail.send", integrity="untrusted", sources=["inputs.to"])


def test_lint_goes_by_the_levels_of_the_installation(podium: Podium, place: Path) -> None:
    (place / "s.yaml").write_text(STRANGER)
    home = Path(os.environ["PODIUM_HOME"])
    home.mkdir(exist_ok=True)
    (home / "podium.toml").write_text('[labels]\nlevels = ["public", "secret"]\ndefault = "public"\n')

    done = podium("lint", "s.yaml", "-o", "json")

    assert [row["code"] for row in done.json] == ["LI027"]


def test_flows_and_bounds_are_two_lists_and_no_findings(podium: Podium, place: Path) -> None:
    (place / "s.yaml").write_text(STRANGER)

    assert podium("lint", "--flows", "--bounds", "s.yaml").code == 2
    assert "flows are no findings" in podium("lint", "--flows", "-o", "sarif", "s.yaml").err
