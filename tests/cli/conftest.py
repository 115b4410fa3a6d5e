"""An installation of its own for every test, the command line in this process, and as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from podium.cli.main import app
from podium.testing.model_server import ModelServer, served
from podium.testing.scripted import ScriptedModel

Json = Any
PODIUM = str(Path(sys.executable).with_name("podium"))


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        return json.loads(self.out)


Podium = Callable[..., Said]
Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a home of its own and a model server that answers everything as briefly as it can."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTHROPIC_", "PODIUM_MODEL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PODIUM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[ScriptedModel], None]]:
    """Return a function that puts a scripted model behind the protocol of OpenAI."""
    with ExitStack() as servers:

        def behind(script: ScriptedModel) -> None:
            server = servers.enter_context(served(ModelServer(script)))
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            monkeypatch.setenv("OPENAI_API_KEY", "none")

        yield behind


@pytest.fixture
def podium() -> Podium:
    """Return the command line, run in this process."""

    def run(*arguments: str, stdin: str | None = None) -> Said:
        done = CliRunner().invoke(app, list(arguments), input=stdin)
        return Said(code=done.exit_code, out=done.stdout, err=done.stderr)

    return run


@pytest.fixture
def started() -> Iterator[Started]:
    """Return a function that starts the command line as a process; what is left of them is killed at the end."""
    with ExitStack() as processes:

        def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
            pipes: dict[str, Any] = {
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
            }
            process: subprocess.Popen[str] = subprocess.Popen([PODIUM, *arguments], **(pipes | options))
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield start


@pytest.fixture
def workflow(place: Path) -> Callable[..., str]:
    """Return a function that writes a workflow into the folder and returns its file name."""

    def write(nodes: str, *, name: str = "w", **more: str) -> str:
        rest = "".join(f"{key}: {value}\n" for key, value in more.items())
        (place / f"{name}.yaml").write_text(f"podium: 1\nname: {name}\n{rest}nodes:\n{nodes}")
        return f"{name}.yaml"

    return write
