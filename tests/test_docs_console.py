"""A console session in a page happens as it is written: the same commands, and the lines that it shows, in their order.

A block ` ```console run="ok" ` is replayed in an empty folder, one with `run="more"` in the folder of the block before.
A workflow file that a command names is the workflow above the block. `…` stands for anything, a run id for the one that
this session has. The model behind a session says `scripted answer`, or a small value that fits.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from podium.testing.model_server import ModelServer, served
from podium.testing.scripted import ScriptedModel

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
WORKFLOW = re.compile(r"^```yaml[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r'^```console run="(?P<want>ok|more)"\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
RUN_ID = re.compile(r"\br[0-9a-hjkmnp-tv-z]{12}\b")
FILE = re.compile(r"\S+\.yaml")


class Step(NamedTuple):
    """A command, what the page shows of its answer, and the workflow that stands above."""

    command: str
    shown: str
    workflow: str


class Session(NamedTuple):
    """What happens in one folder."""

    where: str
    steps: tuple[Step, ...]


def sessions() -> list[Session]:
    found: list[Session] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in CONSOLE.finditer(text):
            where = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
            goes_on = match["want"] == "more"
            before = found.pop() if goes_on else Session(where, ())
            found.append(before._replace(steps=(*before.steps, *steps(text, match))))
    return found


def steps(text: str, block: re.Match[str]) -> Iterator[Step]:
    above = [workflow["body"] for workflow in WORKFLOW.finditer(text, 0, block.start())]
    _, *parts = re.split(r"^\$ (.*)\n", block["body"], flags=re.MULTILINE)
    for command, shown in zip(parts[::2], parts[1::2], strict=True):
        yield Step(command, shown, above[-1])


def matches(shown: str, said: str) -> bool:
    """Compare a line as written with a line as it came; columns may be wider."""
    words = RUN_ID.sub("…", " ".join(shown.split()))
    pattern = ".*".join(re.escape(part.strip()) for part in words.split("…"))
    return re.fullmatch(pattern, " ".join(said.split())) is not None


def meant(command: str, ids: Mapping[str, str]) -> str:
    """Return a command with the run ids of this session."""
    return RUN_ID.sub(lambda match: ids[match[0]], command)


def say(command: str, folder: Path, model: str) -> str:
    """Return what a command says on both channels."""
    ours = ("OPENAI_", "ANTHROPIC_", "PODIUM_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    settings = {"COLUMNS": "200", "NO_COLOR": "1", "PODIUM_HOME": str(folder / ".podium")}
    door = {"OPENAI_BASE_URL": model, "OPENAI_API_KEY": "none"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**env, **settings, **door, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    ).stdout


@pytest.mark.slow
@pytest.mark.parametrize("session", sessions(), ids=lambda session: session.where)
def test_a_console_session_happens_as_it_is_written(session: Session, tmp_path: Path) -> None:
    ids: dict[str, str] = {}
    with served(ModelServer(ScriptedModel())) as model:
        for step in session.steps:
            for file in FILE.findall(step.command):
                (tmp_path / file).write_text(step.workflow, encoding="utf-8")
            said = say(meant(step.command, ids), tmp_path, model.base_url)

            lines = iter(said.splitlines())
            for line in step.shown.splitlines():
                came = next((came for came in lines if matches(line, came)), None)
                assert came is not None, f"not there, or not in this order: {line}\n\n{said}"
                ids |= dict(zip(RUN_ID.findall(line), RUN_ID.findall(came), strict=False))


def test_there_are_sessions_to_replay() -> None:
    assert len(sessions()) >= 2
    assert any(len(session.steps) > 1 for session in sessions())
