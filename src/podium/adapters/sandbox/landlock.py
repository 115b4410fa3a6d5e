"""Landlock: a weaker profile, for a kernel on which nobody but root may make namespaces.

The program closes the doors behind itself (`inside`), since any process may do that:

- **files**: it can open Python's own library and the system's, and its own empty folder; it can still see that other
  files are there, and how large they are.
- **network**: no sockets at all. **processes**: it can start none, signal none, trace none. It is still among them.
- **rights**: no capabilities, no-new-privs, the weak filter of system calls. It stays the user who started Podium.

A policy can tell: the target of its effects is `sandbox/landlock`.
"""

from __future__ import annotations

import ctypes
import platform
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
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

LEAST = 3
"""The first version that keeps a file from being emptied by opening it (Linux 6.2)."""

_CAPSET = {"x86_64": 126, "aarch64": 91}
_CREATE_RULESET, _VERSION = 444, 1


class Landlock:
    """See the module's rules."""

    name = "landlock"

    def missing(self) -> str:
        """Return why it cannot be used, "" when it can."""
        if not known_machine():
            return "there is no filter of system calls for this kind of machine"
        version = abi()
        return "" if version >= LEAST else f"the kernel has no Landlock of version {LEAST} or later"

    @contextmanager
    def start(self, wish: Wish) -> Generator[Start]:
        """Give the command, while the program's own folder is there."""
        folder = Path(tempfile.mkdtemp(prefix="podium-code-"))
        try:
            walls = [
                f"weak={abi()}",
                f"capset={_CAPSET[platform.machine()]}",
                f"seccomp={filter_program(alone=True, weak=True).hex()}",
                *(f"read={path}" for path in (*libraries(), python(), "/dev/urandom")),
                *(f"write={path}" for path in (folder, "/dev/null")),
            ]
            with held(first_program(), "inside") as first:
                argv = interpreter((f"/dev/fd/{first}", *first_steps(wish.limits), *walls, "run"))
                yield Start(argv=argv, fds=(first,), env={}, folder=folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@cache
def abi() -> int:
    """Return the version of Landlock that the kernel has, 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))
