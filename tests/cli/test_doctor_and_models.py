from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podium.testing.scripted import ScriptedModel

Podium = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_models(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_MODELS", str(place / "models"))


def findings(podium: Podium) -> dict[str, tuple[str, str]]:
    return {found["what"]: (found["status"], found["step"]) for found in podium("doctor", "-o", "json").json}


def test_the_doctor_finds_what_is_needed_and_changes_nothing(podium: Podium, place: Path) -> None:
    found = findings(podium)

    assert [found[what][0] for what in ("python", "git", "mcp-server-git", "store")] == ["ok"] * 4
    assert not (place / "home").exists()


def test_what_is_not_well_names_the_next_step(podium: Podium, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("PATH", str(place))

    found = findings(podium)

    assert found["git"] == ("warn", "apt install git")
    assert [what for what, (status, step) in found.items() if status != "ok" and not step] == []


def test_a_broken_store_is_a_failure(podium: Podium, place: Path) -> None:
    (place / "home").mkdir()
    (place / "home" / "podium.db").write_bytes(b"no database" * 100)

    done = podium("doctor", "-o", "json")

    store = next(found for found in done.json if found["what"] == "store")
    assert (done.code, store["status"], bool(store["step"])) == (1, "fail", True)


def test_the_model_that_is_configured_is_listed_first_and_checked(
    podium: Podium, model: Callable[[ScriptedModel], None]
) -> None:
    model(ScriptedModel())

    listed = podium("models", "list", "-o", "json").json
    checked = podium("models", "check")

    assert listed[0]["ok"] is True
    assert checked.code == 0
    assert f"workflows use {listed[0]['name']}" in checked.err


def test_without_any_model_each_says_its_next_step(podium: Podium) -> None:
    listed = podium("models", "list", "-o", "json").json

    assert [candidate["name"] for candidate in listed if not candidate["ok"] and not candidate["next_step"]] == []


def test_an_unknown_model_cannot_be_fetched(podium: Podium) -> None:
    done = podium("models", "fetch", "gpt-9")

    assert done.code == 2
    assert "gpt-9" in done.err


def test_a_model_of_the_wrong_bytes_is_not_kept(podium: Podium, place: Path) -> None:
    (place / "wrong.gguf").write_bytes(b"not a model")

    done = podium("models", "fetch", "smollm2-135m", "--from", str(place / "wrong.gguf"))

    assert (done.code, done.out) == (1, "")
    assert "error: EF04" in done.err
