"""A console session in a page happens as it is written: the same commands, and the lines that it shows, in their order.

A block ` ```console run="ok" ` is replayed in an empty folder; a file that a command names is the workflow above the
block. `…` stands for anything, a run id for the one that this session has.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
WORKFLOW = re.compile(r"^```yaml[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r'^```console run="ok"\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
RUN_ID = re.compile(r"\br[0-9a-hjkmnp-tv-z]{12}\b")
FILE = re.compile(r"\S+\.yaml")


class Step(NamedTuple):
    command: str
    shown: str


class Session(NamedTuple):
    where: str
    workflow: str
    steps: tuple[Step, ...]


def sessions() -> list[Session]:
    found: list[Session] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in CONSOLE.finditer(text):
            above = [block["body"] for block in WORKFLOW.finditer(text, 0, match.start())]
            _, *parts = re.split(r"^\$ (.*)\n", match["body"], flags=re.MULTILINE)
            steps = tuple(Step(*pair) for pair in zip(parts[::2], parts[1::2], strict=True))
            where = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
            found.append(Session(where, above[-1], steps))
    return found


def matches(shown: str, said: str) -> bool:
    """Compare a line as written with a line as it came; columns may be wider."""
    words = RUN_ID.sub("…", " ".join(shown.split()))
    pattern = ".*".join(re.escape(part.strip()) for part in words.split("…"))
    return re.fullmatch(pattern, " ".join(said.split())) is not None


def meant(command: str, ids: Mapping[str, str]) -> str:
    """Return a command with the run ids of this session."""
    return RUN_ID.sub(lambda match: ids[match[0]], command)


def say(command: str, folder: Path) -> str:
    """Return what a command says on both channels."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "200", "NO_COLOR": "1", "PODIUM_HOME": str(folder / ".podium")},
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
    for step in session.steps:
        for file in FILE.findall(step.command):
            (tmp_path / file).write_text(session.workflow, encoding="utf-8")
        said = say(meant(step.command, ids), tmp_path)

        ids |= dict(zip(RUN_ID.findall(step.shown), RUN_ID.findall(said), strict=False))
        lines = iter(said.splitlines())
        for line in step.shown.splitlines():
            assert any(matches(line, came) for came in lines), f"not there, or not in this order: {line}\n\n{said}"


def test_there_are_sessions_to_replay() -> None:
    assert len(sessions()) >= 2
    assert any(len(session.steps) > 1 for session in sessions())
