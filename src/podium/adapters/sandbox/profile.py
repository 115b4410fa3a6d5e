"""What a profile is asked for, and what it answers: a command that starts a program behind its walls.

A profile says how to start; whoever starts it reads, writes and ends it (`child`). One that is not there says why.
"""

from __future__ import annotations

import asyncio
import marshal
import os
import sys
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Protocol

from podium.adapters.sandbox import inside
from podium.node.calls import CodeLimits

SPACE = 64_000_000
"""Address space that Python itself takes."""

OPEN_FILES = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is to run behind walls, and what it may see.

    Attributes:
        limits: Of a piece of code; None for a server, which stays.
        command: For a server: the program and its arguments.
        read, write: For a server: what of the file system it sees beside the system's own libraries.
        env: Its environment; none for code.
        network: For a server: whether it may use the network.
    """

    limits: CodeLimits | None = None
    command: tuple[str, ...] = ()
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    network: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """How to start it.

    Attributes:
        fds: What the child must inherit; closed by whoever made them once it has started.
        folder: Where it is started, None for anywhere.
    """

    argv: tuple[str, ...]
    fds: tuple[int, ...] = ()
    env: Mapping[str, str]
    folder: Path | None = None


class Profile(Protocol):
    """One way to build walls."""

    @property
    def name(self) -> str:
        """As in records: `bubblewrap`, `landlock`."""
        ...

    def missing(self) -> str:
        """Return why it cannot be used on this machine, "" when it can; may start a program."""
        ...

    @contextmanager
    def start(self, wish: Wish) -> Generator[Start]:
        """Give what starts it, while the block runs."""
        ...


@asynccontextmanager
async def starting(profile: Profile, wish: Wish) -> AsyncGenerator[Start]:
    """Have the profile prepare and clean up in a thread: it looks at files."""
    context = profile.start(wish)
    start = await asyncio.to_thread(context.__enter__)
    try:
        yield start
    finally:
        await asyncio.shield(asyncio.to_thread(context.__exit__, None, None, None))


def python() -> Path:
    """Return the interpreter itself, not the link to it in a virtual environment."""
    return Path(os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable))


def libraries() -> tuple[Path, ...]:
    """Return what Python needs of the file system: its own library, and those of the system."""
    own = Path(sys.base_prefix) / "lib"
    wanted = (own, Path("/usr/lib"), Path("/usr/lib64"), Path("/lib"), Path("/lib64"), Path("/etc/ld.so.cache"))
    return tuple(path for path in wanted if path.exists())


def first_steps(limits: CodeLimits | None) -> Iterator[str]:
    """Yield what `inside` is told of limits."""
    if limits is None:
        return
    yield f"as={limits.memory + SPACE}"
    yield f"cpu={max(1, -(-limits.cpu_ms // 1000))}"
    yield f"fsize={limits.files}"
    yield f"nofile={OPEN_FILES}"


def interpreter(script: Sequence[str]) -> tuple[str, ...]:
    """Return the command that runs `inside` with nothing of the surroundings."""
    return (str(python()), "-I", "-S", "-X", "utf8", *script)


@cache
def first_program() -> bytes:
    """Return `inside`, compiled: to compile it at each start would take a third of the time.

    Raises:
        OSError: when it is not where it was installed.
    """
    code = compile(Path(inside.__file__).read_bytes(), "inside", "exec")
    return MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


@contextmanager
def held(content: bytes, name: str) -> Generator[int]:
    """Give a descriptor of a file in memory that holds this, while the block runs."""
    file = os.memfd_create(name)
    try:
        os.write(file, content)
        os.lseek(file, 0, os.SEEK_SET)
        yield file
    finally:
        os.close(file)
