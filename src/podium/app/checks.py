"""What `podium doctor` looks at: each check is one function that says how it is and, if it is not well, the next step.

A check never raises and never changes anything. `fail` means that Podium cannot work here, `warn` that something a
person may want is missing.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

from podium.errors import PodiumError, StoreError

MIN_FREE = 200 * 1000**2
"""Bytes below which the store may not be able to write."""

COMFORTABLE_FREE = 3 * 1000**3
"""Bytes that the local model and its runtime want."""


class Finding(NamedTuple):
    """How one thing is.

    Attributes:
        step: What to do about it, "" when it is ok.
    """

    what: str
    status: Literal["ok", "warn", "fail"]
    text: str
    step: str = ""


async def examine(home: Path) -> list[Finding]:
    """Return all findings, in the order in which a person would look."""
    machine = await asyncio.to_thread(_machine, home)
    return [*machine, await _store(home), *await _models()]


def _machine(home: Path) -> list[Finding]:
    return [
        _python(),
        Finding("uv", "ok", shutil.which("uv") or "not on the path; `make` brings its own"),
        _program("git", "the example reads a git repository", "apt install git"),
        _git_server(),
        _local_runtime(),
        _sandbox(),
        _disk(home),
    ]


def _python() -> Finding:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 14):
        return Finding("python", "ok", f"{version} at {sys.executable}")
    return Finding("python", "fail", f"{version}; 3.11 to 3.14 are supported", "apt install python3.11 python3.11-venv")


def _program(name: str, why: str, step: str) -> Finding:
    found = shutil.which(name)
    return Finding(name, "ok", found) if found else Finding(name, "warn", f"not found; {why}", step)


def _git_server() -> Finding:
    beside = Path(sys.executable).parent / "mcp-server-git"
    found = str(beside) if beside.exists() else shutil.which("mcp-server-git")
    if found:
        return Finding("mcp-server-git", "ok", found)
    return Finding(
        "mcp-server-git", "warn", "not found; the example reads git through it", "pip install mcp-server-git"
    )


def _disk(home: Path) -> Finding:
    folder = next(parent for parent in (home, *home.parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    text = f"{free / 1000**3:.1f} GB free at {folder}"
    if free < MIN_FREE:
        return Finding("disk", "fail", text, "free some space, or set PODIUM_HOME to a folder on another disk")
    if free < COMFORTABLE_FREE:
        return Finding("disk", "warn", text, "the local model and its runtime want 3 GB")
    return Finding("disk", "ok", text)


async def _store(home: Path) -> Finding:
    missing = await asyncio.to_thread(_missing_store, home)
    if missing:
        return missing
    from podium.app.installation import Installation

    try:
        async with Installation.open(home, create=False) as installation:
            rows = await installation.store.rows(limit=1)
    except StoreError as error:
        return Finding("store", "fail", str(error), error.help)
    newest = f"last run {rows[0].id}" if rows else "no runs yet"
    return Finding("store", "ok", f"{home}, {newest}")


def _missing_store(home: Path) -> Finding | None:
    if (home / "podium.db").exists():
        return None
    parent = next(parent for parent in (home, *home.parents) if parent.exists())
    if os.access(parent, os.W_OK):
        return Finding("store", "ok", f"none yet; the first run makes {home}")
    return Finding("store", "fail", f"cannot write to {parent}", "set PODIUM_HOME to a folder of yours")


def _local_runtime() -> Finding:
    if find_spec("llama_cpp") is not None:
        return Finding("local runtime", "ok", "llama.cpp is installed")
    if shutil.which("c++") or shutil.which("g++"):
        return Finding("local runtime", "warn", "not built; only needed without a model provider", "make run")
    return Finding(
        "local runtime",
        "warn",
        "not built, and there is no C++ compiler; only needed without a model provider",
        "apt install build-essential, then: make run",
    )


def _sandbox() -> Finding:
    """Tell what holds the processes of code; Monty, which needs none, is always there."""
    from podium.adapters.sandbox.bubblewrap import INSTALL
    from podium.adapters.sandbox.installed import PROFILES

    strongest, *weaker = PROFILES
    missing = strongest.missing()
    if not missing:
        return Finding("sandbox", "ok", f"processes are held by {strongest.name}, small code by monty")
    for profile in weaker:
        if not profile.missing():
            text = f"processes are held by {profile.name}, which is weaker; {strongest.name}: {missing}"
            return Finding("sandbox", "warn", text, INSTALL)
    return Finding("sandbox", "warn", f"nothing holds processes, so none are run; {missing}", INSTALL)


async def _models() -> list[Finding]:
    from podium.app.models import detect

    try:
        candidates = await detect()
    except PodiumError as error:
        return [Finding("models", "fail", str(error), error.help)]
    findings = [
        Finding(f"model {candidate.name}", "ok", candidate.how)
        if candidate.ok
        else Finding(f"model {candidate.name}", "warn", candidate.reason, candidate.next_step)
        for candidate in candidates
    ]
    if not any(candidate.ok for candidate in candidates):
        findings.append(Finding("models", "warn", "no model can be used now", "podium models fetch"))
    return findings
