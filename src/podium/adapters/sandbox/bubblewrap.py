"""Bubblewrap: namespaces of its own for everything, and a file system in which almost nothing is.

- **files**: Python's own library and the system's, read-only; an empty `/tmp` and `/work` in memory; nothing else. No
  `/proc` for code. A server also sees, under their own names, the folders that its grant names.
- **network**: none, not even the loopback of the machine; sockets lead nowhere.
- **processes**: sees none but its own, and all of them end with Podium. Code cannot start any.
- **rights**: no capabilities, none to be had (no-new-privs), no new namespaces, a filter of system calls. Started by
  root it becomes a user that owns nothing; only a server that may write to folders stays who it was.
- **environment**: empty.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from podium.adapters.sandbox.profile import (
    Start,
    Wish,
    first_program,
    first_steps,
    held,
    interpreter,
    libraries,
    python,
)
from podium.adapters.sandbox.seccomp import filter_program, known_machine

SCRIPT = "/podium/inside.pyc"
INSTALL = "install bubblewrap: `apt install bubblewrap`"
_TRY_S = 10.0
_ROOM = 256_000_000
"""Bytes of each of the folders in memory that a server has."""

_UID, _UIDS = 2_000_000_000, 1_000_000
_NOBODY = 65_534
_serial = count(os.getpid() * 1_000)


class Bubblewrap:
    """See the module's rules."""

    name = "bubblewrap"

    def missing(self) -> str:
        """Return why it cannot be used, "" when it can."""
        return _missing()

    @contextmanager
    def start(self, wish: Wish) -> Generator[Start]:
        """Give the command, while the filter that it reads is open."""
        rules = filter_program(alone=wish.limits is not None, weak=False)
        with held(rules, "seccomp") as door, held(b"" if wish.command else first_program(), "inside") as first:
            steps = () if wish.command else ("--perms", "0644", "--ro-bind-data", str(first), SCRIPT)
            # the root has no size of its own, so nothing may be written there
            argv = (_program(), *_walls(wish), *steps, "--remount-ro", "/", "--seccomp", str(door), "--", *_inner(wish))
            # never among the arguments: those can be read by everybody on the machine
            yield Start(argv=argv, fds=(door, first), env=dict(wish.env))


def _walls(wish: Wish) -> Iterator[str]:
    # cgroups: `-try`, since old kernels lack them; all the others must be had
    yield from ("--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try")
    if not wish.network:
        yield "--unshare-net"
    yield from ("--die-with-parent", "--new-session", "--hostname", "sandbox", "--cap-drop", "ALL")
    if _becomes(wish):
        yield from ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
    else:
        yield from ("--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY))
    yield from _system()
    room = ("--size", str(wish.limits.files if wish.limits else _ROOM))
    yield from (*room, "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108 - its own, inside
    yield from (*room, "--perms", "1777", "--tmpfs", "/work")
    if wish.command:
        yield from ("--proc", "/proc", "--dev", "/dev")
        yield from _granted(wish)
    else:
        for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
            yield from ("--dev-bind", device, device)
    yield from ("--chdir", str(Path.cwd()) if wish.command and _sees(wish, Path.cwd()) else "/work")


def _system() -> Iterator[str]:
    for path in libraries():
        target = os.path.realpath(path)
        yield from _open_parents(path)
        # `/lib` is often a link to `/usr/lib`: a link then, as outside
        if path.is_symlink():
            yield from ("--symlink", target, str(path))
        else:
            yield from ("--ro-bind", str(path), str(path))
    yield from _open_parents(python())
    yield from ("--ro-bind", str(python()), str(python()))


def _open_parents(path: Path) -> Iterator[str]:
    """Yield what makes the folders above a path such that another user may pass."""
    for folder in reversed(path.parents[:-1]):
        yield from ("--perms", "0755", "--dir", str(folder))


def _granted(wish: Wish) -> Iterator[str]:
    """Yield what a server sees: its program, the configuration that programs need, and what the grant names."""
    shown: list[Path] = []
    surroundings = (Path("/usr"), Path("/bin"), Path("/etc/ssl"), Path(sys.base_prefix), Path(sys.prefix))
    for path in (*surroundings, *wish.read):
        if not path.exists() or any(path.is_relative_to(other) for other in shown):
            continue
        shown.append(path)
        if path.is_symlink() and path.parent == Path("/"):
            yield from ("--symlink", os.path.realpath(path), str(path))
        else:
            yield from ("--ro-bind", str(path), str(path))
    for path in wish.write:
        yield from ("--bind", str(path), str(path))


def _sees(wish: Wish, folder: Path) -> bool:
    return any(folder.is_relative_to(path) for path in (*wish.read, *wish.write))


def _inner(wish: Wish) -> tuple[str, ...]:
    if wish.command:
        return wish.command
    become = (f"uid={_UID + next(_serial) % _UIDS if _all_uids() else _NOBODY}",) if _becomes(wish) else ()
    return interpreter((SCRIPT, *first_steps(wish.limits), *become, "run"))


def _becomes(wish: Wish) -> bool:
    """Whether it becomes another user inside: root does, and only root can."""
    return os.geteuid() == 0 and not wish.command


@cache
def _all_uids() -> bool:
    """Whether every user id exists here; in a container there may be few."""
    ranges = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(int(first) <= _UID and int(first) + int(many) >= _UID + _UIDS for first, _, many in ranges)


def _program() -> str:
    return shutil.which("bwrap") or "bwrap"


@cache
def _missing() -> str:
    """Try it once: the program may be there and not be allowed to do its work."""
    if not known_machine():
        return "there is no filter of system calls for this kind of machine"
    if shutil.which("bwrap") is None:
        return f"there is no program `bwrap`; {INSTALL}"
    profile = Bubblewrap()
    with profile.start(Wish(limits=None, command=("/usr/bin/true",))) as start:
        try:
            tried = subprocess.run(  # noqa: S603 - our own command
                start.argv, pass_fds=start.fds, env={}, capture_output=True, timeout=_TRY_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"`bwrap` does not run: {error}"
    words = tried.stderr.decode(errors="replace").strip()
    return f"`bwrap` may not build its walls here: {words[:300]}" if tried.returncode else ""
