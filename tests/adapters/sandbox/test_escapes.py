"""Nobody gets out: every attempt against every sandbox that claims to hold it, and proof that it would have worked.

As root, the attempts begin as root. An attempt that is marked `open` is also made without any walls, where it must
succeed: otherwise it would show nothing.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from podium.adapters.sandbox.bubblewrap import Bubblewrap
from podium.adapters.sandbox.landlock import Landlock
from podium.adapters.sandbox.monty import MontySandbox
from podium.adapters.sandbox.process import ProcessSandbox
from podium.adapters.sandbox.profile import Profile, Start, Wish, first_program, held, interpreter
from podium.adapters.sandbox.seccomp import MACHINES
from podium.effects.ports import Sandbox
from podium.errors import EffectError
from podium.node.calls import CodeCall, CodeLimits

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "reference" / "sandbox.md"
SECRET = "hunter2"
LIMITS = CodeLimits(cpu_ms=1000, memory=100_000_000, output=200_000, files=2_000_000)
WALL_S = 2.5
NUMBERS = {
    "bpf": "bpf",
    "userfaultfd": "userfaultfd",
    "perf": "perf_event_open",
    "keyctl": "keyctl",
    "init_module": "init_module",
    "reboot": "reboot",
    "open_by_handle": "open_by_handle_at",
}


class Attempt(NamedTuple):
    aim: str
    what: str
    code: str
    open: bool = False
    weak: bool = False


_READ = runpy.run_path(str(HERE / "escape_attempts.py"))
PROCESS = [Attempt(*one) for one in cast("list[tuple[Any, ...]]", _READ["PROCESS"])]
MONTY = [Attempt(*one) for one in cast("list[tuple[Any, ...]]", _READ["MONTY"])]
PROFILES: dict[str, Profile] = {"bubblewrap": Bubblewrap(), "landlock": Landlock()}


class Open:
    """No walls at all, to see that an attempt is one."""

    name = "open"

    def missing(self) -> str:
        return ""

    @contextmanager
    def start(self, wish: Wish) -> Generator[Start]:
        with held(first_program(), "inside") as first, tempfile.TemporaryDirectory() as folder:
            yield Start(argv=interpreter((f"/dev/fd/{first}", "run")), fds=(first,), env={}, folder=Path(folder))


class World:
    """What there is to reach, and whether it was reached."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.secret, self.victim = self.home / "secret.txt", self.home / "victim.txt"
        self.secret.write_text(SECRET)
        self.victim.write_text("as it was")
        self._was = self.victim.stat()
        self.tcp = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.tcp6 = opened.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        self.udp = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.udp.bind(("127.0.0.1", 0))
        self.udp.setblocking(False)  # noqa: FBT003 - the standard library's form
        self.unix = opened.enter_context(socket.socket(socket.AF_UNIX))
        self.unix.bind(str(folder / "door.sock"))
        self.unix.listen()
        self.abstract = opened.enter_context(socket.socket(socket.AF_UNIX))
        self.abstract.bind(f"\0podium-test-{os.getpid()}")
        self.abstract.listen()
        self.other = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)"], env={"SECRET": SECRET}
        )
        opened.callback(self._end_other)
        read, write = os.pipe()
        opened.callback(os.close, read)
        opened.callback(os.close, write)
        os.write(write, b"x")
        os.set_inheritable(read, True)  # noqa: FBT003 - as above
        self.inputs = {
            "tcp": self.tcp.getsockname()[1],
            "tcp6": self.tcp6.getsockname()[1],
            "udp": self.udp.getsockname()[1],
            "unix": str(folder / "door.sock"),
            "abstract": f"podium-test-{os.getpid()}",
            "secret": str(self.secret),
            "victim": str(self.victim),
            "home": str(self.home),
            "podium": os.getpid(),
            "other": self.other.pid,
            "fd": read,
            "shared": _shared_memory(opened),
            **{name: MACHINES[os.uname().machine].numbers[call] for name, call in NUMBERS.items()},
        }

    def changed(self) -> str:
        """Return what was done to the world outside, "" for nothing."""
        try:
            if self.udp.recv(10):
                return "a message arrived"
        except BlockingIOError:
            pass
        if self.other.poll() is not None:
            return "the other process ended"
        if sorted(path.name for path in self.home.iterdir()) != ["secret.txt", "victim.txt"]:
            return "a file appeared or is gone"
        now = self.victim.stat()
        if (now.st_mode, now.st_mtime, now.st_nlink, now.st_size, self.secret.stat().st_nlink) != (
            *(self._was.st_mode, self._was.st_mtime, self._was.st_nlink, self._was.st_size, 1),
        ):
            return "a file was changed"
        return ""

    def _end_other(self) -> None:
        self.other.send_signal(signal.SIGKILL)
        self.other.wait()


def _shared_memory(opened: ExitStack) -> int:
    """Make a piece of System V shared memory and return its key."""
    libc, key = ctypes.CDLL(None), 0x7000_0000 + os.getpid()
    opened.callback(libc.shmctl, libc.shmget(key, 4096, 0o1600), 0, None)
    return key


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_enabled: None) -> Iterator[World]:
    monkeypatch.setenv("PODIUM_TEST_SECRET", SECRET)
    with ExitStack() as opened:
        yield World(tmp_path, opened)


async def gains(sandbox: Sandbox, attempt: Attempt, world: World) -> str:
    """Return what an attempt has got, "" for nothing."""
    call = CodeCall(source=attempt.code, inputs={"w": world.inputs}, limits=LIMITS)
    try:
        reply = await sandbox.run(call, timeout_s=WALL_S, progress=lambda _: None)
    except EffectError as error:
        return world.changed() if error.code in ("EF061", "EF062", "EF063") else str(error)
    finally:
        await sandbox.close()
    return repr(reply.value)[:100] if reply.value else world.changed()


def claimed() -> Iterator[Any]:
    for name, profile in PROFILES.items():
        missing = pytest.mark.skipif(bool(profile.missing()), reason=f"{name}: {profile.missing()}")
        for attempt in PROCESS:
            if not (attempt.weak and name == "landlock"):
                yield pytest.param(name, attempt, id=f"{name}: {attempt.what}", marks=missing)


@pytest.mark.parametrize(("profile", "attempt"), list(claimed()))
async def test_nobody_gets_out_of_a_process(profile: str, attempt: Attempt, world: World) -> None:
    assert await gains(ProcessSandbox(PROFILES[profile]), attempt, world) == ""


@pytest.mark.parametrize("attempt", MONTY, ids=lambda attempt: attempt.what)
async def test_nobody_gets_out_of_monty(attempt: Attempt, world: World) -> None:
    assert await gains(MontySandbox(), attempt, world) == ""


@pytest.mark.parametrize("attempt", PROCESS, ids=lambda attempt: attempt.what)
async def test_what_gets_out_of_no_process_gets_out_of_monty_neither(attempt: Attempt, world: World) -> None:
    assert await gains(MontySandbox(), attempt, world) == ""


@pytest.mark.parametrize("attempt", [one for one in PROCESS if one.open], ids=lambda one: one.what)
async def test_without_walls_the_attempt_succeeds(attempt: Attempt, world: World) -> None:
    got = await gains(ProcessSandbox(Open()), attempt, world)
    for _ in range(100):  # the kernel takes a moment to tell that a process has ended
        if got := got or world.changed():
            break
        await asyncio.sleep(0.02)

    assert got != ""


@pytest.mark.skipif(bool(Landlock().missing()), reason="no Landlock")
@pytest.mark.parametrize("attempt", [one for one in PROCESS if one.weak], ids=lambda one: one.what)
async def test_what_landlock_does_not_claim_it_does_not_hold(attempt: Attempt, world: World) -> None:
    assert await gains(ProcessSandbox(Landlock()), attempt, world) != ""


def test_there_are_enough_attempts() -> None:
    assert len(PROCESS) >= 80
    assert len(MONTY) >= 50
    assert sum(one.open for one in PROCESS) >= 40


def table() -> str:
    lines = ["| after | attempt | monty | bubblewrap | landlock |", "|---|---|---|---|---|"]
    lines += [f"| {one.aim} | {one.what} | held | held | {'**not held**' if one.weak else 'held'} |" for one in PROCESS]
    lines += [f"| {one.aim} | {one.what} | held | | |" for one in MONTY]
    return "\n".join(lines)


def test_the_page_shows_every_attempt() -> None:
    before, mark, _ = PAGE.read_text().partition("<!-- attempts -->\n")
    whole = f"{before}{mark}{table()}\n"
    if os.environ.get("PODIUM_GOLDEN") == "write":
        PAGE.write_text(whole)

    assert PAGE.read_text() == whole
