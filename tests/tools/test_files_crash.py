"""A crash before any step that touches the disk: the second call with the key finishes, and restore still goes back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.errors import EffectError
from podium.ids import EffectKey
from podium.tools import files
from podium.tools.files import FilesSettings

K1, K2, K3, R1 = (EffectKey(f"{number:032x}") for number in range(1, 5))
_STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir"}


class Crash(BaseException):
    """The process is gone at this step."""


class Fuse:
    """Ends the work before the n-th step that touches the disk."""

    def __init__(self) -> None:
        self.left: int | None = None

    def __call__(self, event: str, _args: object) -> None:
        if self.left is None or event not in _STEPS:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            raise Crash

    def burns(self, work: Callable[[], object], after: int) -> bool:
        """Do the work; say whether it was cut off."""
        self.left = after
        try:
            work()
        except Crash:
            return True
        finally:
            self.left = None
        return False


FUSE = Fuse()
sys.addaudithook(FUSE)  # for the life of the process, but it does nothing until it is lit


def world(folder: Path) -> FilesSettings:
    settings = FilesSettings(root=folder)
    files.write("a/b.md", "one", K1, settings)
    return settings


def crash_points(folder: Path, work: Callable[[FilesSettings], object]) -> list[FilesSettings]:
    """Return one world per step of `work`, each cut off before that step."""
    cut: list[FilesSettings] = []
    for step in range(1_000):
        settings = world(folder / str(step))
        if not FUSE.burns(lambda settings=settings: work(settings), step):
            return cut
        cut.append(settings)
    pytest.fail("the work never ends")


def written_or_code(settings: FilesSettings) -> str:
    try:
        files.write("a/b.md", "two", K2, settings)
    except EffectError as error:
        return error.code
    return ""


def test_a_write_is_finished_by_the_second_call_wherever_it_was_cut_off(tmp_path: Path) -> None:
    cut = crash_points(tmp_path, lambda settings: files.write("a/b.md", "two", K2, settings))

    assert len(cut) > 10
    for settings in cut:
        assert files.read("a/b.md", settings) in ("one", "two")
        files.write("a/b.md", "two", K2, settings)
        assert files.read("a/b.md", settings) == "two"
        files.restore("a/b.md", R1, settings)
        assert files.read("a/b.md", settings) == "one"


def test_a_restore_is_finished_by_the_second_call_wherever_it_was_cut_off(tmp_path: Path) -> None:
    cut = crash_points(tmp_path, lambda settings: files.restore("a/b.md", R1, settings))

    assert len(cut) > 10
    for settings in cut:
        assert not files.restore("a/b.md", R1, settings)["exists"]
        assert not files.exists("a/b.md", settings)
        with pytest.raises(EffectError, match="EF035"):
            files.restore("a/b.md", K3, settings)


def test_what_somebody_wrote_between_the_crash_and_the_second_call_is_not_overwritten(tmp_path: Path) -> None:
    cut = crash_points(tmp_path, lambda settings: files.write("a/b.md", "two", K2, settings))

    stopped = 0
    for settings in cut:
        (settings.root / "a/b.md").write_text("by a person")
        code = written_or_code(settings)
        if code == "":  # nothing was begun before the crash, so this is a write like any other
            files.restore("a/b.md", R1, settings)
        else:
            stopped += 1
            assert code == "EF034"
        assert files.read("a/b.md", settings) == "by a person"
    assert 0 < stopped < len(cut)
