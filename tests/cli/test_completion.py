"""Shell completion, as a shell asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Podium = Callable[..., Any]
Started = Callable[..., Any]
Write = Callable[..., str]


@pytest.fixture
def completed(started: Started, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    def ask(line: str) -> list[str]:
        monkeypatch.setenv("_PODIUM_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        out, _ = started().communicate(timeout=60)
        monkeypatch.delenv("_PODIUM_COMPLETE")
        return out.split()

    return ask


def test_commands_are_completed(completed: Callable[[str], list[str]]) -> None:
    assert completed("podium ru") == ["run", "runs"]


def test_ids_of_runs_are_completed(completed: Callable[[str], list[str]], podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow("  a: {transform: 1}\n"), "-o", "json").json["run"]

    assert completed(f"podium runs show {run[:6]}") == [run]
    assert completed("podium approve zzz") == []


def test_without_an_installation_there_is_nothing_to_complete_and_nothing_is_made(
    completed: Callable[[str], list[str]], place: Any
) -> None:
    assert completed("podium runs show r") == []
    assert not (place / "home").exists()
