"""Nothing but loopback is contacted: no telemetry, no update check, no lookup, whatever the command.

Each command runs in a process of its own whose Python refuses and writes down every other address
(`guard/sitecustomize.py`); so do the Python processes that it starts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podium.testing.model_server import ModelServer, served
from podium.testing.scripted import ScriptedModel

GUARD = Path(__file__).parent / "guard"
EXAMPLES = Path(__file__).parent.parent / "examples"
WORKFLOW = """\
podium: 1
name: quiet
tools:
  files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, only: [write]}
nodes:
  draft: {llm: Say hello.}
  save: {tool: files.write, with: {path: hello.txt, text: "${draft.out}"}}
result: draft.out
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "egress.log"


@pytest.fixture
def python(tmp_path: Path, log: Path) -> Iterator[Run]:
    """Return a function that runs Python under the guard, with a loopback model server as the only provider."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "ANTHROPIC_"))}
    with served(ModelServer(ScriptedModel())) as server:
        env = kept | {
            "PYTHONPATH": str(GUARD),
            "PODIUM_EGRESS_LOG": str(log),
            "PODIUM_HOME": str(tmp_path / "home"),
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": "none",
        }

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, *arguments]
            return subprocess.run(
                command,
                cwd=tmp_path,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )

        yield run


@pytest.fixture
def podium(python: Run) -> Run:
    return lambda *arguments: python(str(Path(sys.executable).with_name("podium")), *arguments)


def outward(log: Path) -> list[str]:
    """Return what was refused; the guard must have been there."""
    lines = log.read_text().splitlines()
    assert any(line.endswith(" started") for line in lines)
    return [line for line in lines if not line.endswith(" started")]


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('192.0.2.1', 443), timeout=1)",
        "import socket; socket.getaddrinfo('example.org', 443)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import urllib.request as r; r.urlopen(\"http://192.0.2.1\")'])",
    ],
)
def test_the_guard_catches_what_is_planted(python: Run, log: Path, attempt: str) -> None:
    python("-c", attempt)

    assert len(outward(log)) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("version",),
        ("doctor",),
        ("models", "list"),
        ("models", "check"),
        ("lint", str(EXAMPLES / "release-notes.yaml")),
        ("new", "quiet"),
        ("runs", "list"),
        ("ledger", "verify"),
    ],
    ids=" ".join,
)
def test_a_command_reaches_nobody(podium: Run, log: Path, arguments: tuple[str, ...]) -> None:
    done = podium(*arguments)

    assert "AP001" not in done.stderr  # it did its work and did not break on the way
    assert outward(log) == []


@pytest.mark.slow
def test_a_run_reaches_nobody_but_the_model_server_that_was_configured(podium: Run, log: Path, tmp_path: Path) -> None:
    (tmp_path / "quiet.yaml").write_text(WORKFLOW)

    done = podium("run", "quiet.yaml", "-o", "json")

    assert (done.returncode, (tmp_path / "out" / "hello.txt").exists()) == (0, True), done.stderr
    assert outward(log) == []
