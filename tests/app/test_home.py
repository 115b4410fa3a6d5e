from __future__ import annotations

from pathlib import Path

import pytest

from podium.app.home import find_home


@pytest.fixture(autouse=True)
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PODIUM_HOME", raising=False)


def test_the_nearest_folder_above_is_home_as_with_git(tmp_path: Path) -> None:
    (tmp_path / ".podium").mkdir()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    assert find_home(below) == tmp_path / ".podium"


def test_a_file_of_that_name_is_no_home(tmp_path: Path) -> None:
    (tmp_path / ".podium").write_text("")

    assert find_home(tmp_path / "a") == tmp_path / "a" / ".podium"


def test_without_one_it_would_be_made_here(tmp_path: Path) -> None:
    assert find_home(tmp_path) == tmp_path / ".podium"
    assert not (tmp_path / ".podium").exists()


def test_the_variable_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".podium").mkdir()
    monkeypatch.setenv("PODIUM_HOME", str(tmp_path / "elsewhere"))

    assert find_home(tmp_path) == tmp_path / "elsewhere"
