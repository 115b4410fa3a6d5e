"""`podium redact`: trying out what would be masked, without any run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Podium = Callable[..., Any]
TEXT = "Ada, ada@example.org, again ada@example.org\ncard 4111 1111 1111 1111, key AKIAIOSFODNN7EXAMPLE, 106.31.73.20\n"


@pytest.fixture
def letter(place: Path) -> str:
    (place / "letter.txt").write_text(TEXT)
    return "letter.txt"


def test_the_masked_text_is_printed_and_what_was_found_is_counted(podium: Podium, letter: str) -> None:
    said = podium("redact", letter)

    assert (said.code, said.err) == (0, "1 access_key, 1 card, 2 email\n")
    assert said.out == "Ada, <EMAIL_1>, again <EMAIL_1>\ncard <CARD_1>, key <SECRET_1>, 106.31.73.20\n"


def test_only_what_is_named_is_masked(podium: Podium, letter: str) -> None:
    said = podium("redact", letter, "-k", "network")

    assert said.out == TEXT.replace("106.31.73.20", "<IP_1>")


def test_places_are_printed_without_values(podium: Podium, letter: str) -> None:
    assert podium("redact", letter, "-k", "card", "-f", "json").json == [
        {"kind": "card", "start": 49, "end": 68, "score": 1.0}
    ]
    assert "card" in podium("redact", letter, "-f", "table").out
    assert "4111" not in podium("redact", letter, "-f", "table").out


def test_secrets_of_the_installation_are_found(podium: Podium, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SECRET_DOOR", "open sesame")
    (place / "note.txt").write_text("say open sesame")

    assert podium("redact", "note.txt").out == "say <SECRET_1>\n"


def test_nothing_found_is_said(podium: Podium, place: Path) -> None:
    (place / "plain.txt").write_text("nothing here")

    said = podium("redact", "plain.txt")

    assert (said.code, said.out, said.err) == (0, "nothing here\n", "nothing found\n")


def test_what_nobody_can_find_or_read_is_refused(podium: Podium, letter: str) -> None:
    assert podium("redact", letter, "-k", "handwriting").err.startswith("error: GA026: nobody can find `handwriting`")
    assert podium("redact", "missing.txt").err.startswith("error: GA027: cannot read `missing.txt`: no such file")


def test_settings_that_name_what_nobody_can_find_stop_it(podium: Podium, place: Path, letter: str) -> None:
    (place / "home").mkdir()
    (place / "home" / "podium.toml").write_text('[data_loss.models]\ncrad = "deny"\n')

    assert podium("redact", letter).err.startswith("error: AP070: podium.toml: `data_loss`: nobody can find `crad`")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[filters.calm]\npatterns = ["("]\n', "`filters.calm.patterns`: expected a regular expression in the syntax"),
        ('[filters.calm]\nkinds = ["crad"]\n', "`filters.calm`: nobody can find `crad`"),
        ('[filters.calm]\nuses = "nobodys"\n', "no `nobodys` is installed in the group `podium.filters`"),
        ('[data_loss]\ndetectors = ["nobodys"]\n', "no `nobodys` is installed in the group `podium.detectors`"),
        ('[data_loss]\ndetectors = ["presidio"]\n', "`presidio` is not installed"),
    ],
)
def test_each_mistake_of_the_settings_is_told(
    podium: Podium, place: Path, letter: str, written: str, said: str
) -> None:
    (place / "home").mkdir()
    (place / "home" / "podium.toml").write_text(written)

    assert podium("redact", letter).err.startswith(f"error: AP070: podium.toml: {said}")
