"""A filter of system calls, as the kernel takes it: what no program in a sandbox needs is answered with EPERM.

It stands behind the other walls (namespaces, Landlock): what they hold, and what of the kernel a way around them would
begin with, such as new namespaces, mounts, other processes, keys and kernel programs. On a machine whose numbers are
not known here there is no filter, and therefore no sandbox.

- **always**: tracing, mounts, namespaces, keys, kernel modules and programs, clocks, typing into a terminal.
- **sockets**: those of kinds that no namespace holds, such as the ones to the machine around a virtual machine.
- **alone**: no second process and no socket at all. Threads are possible. This holds for root, too, whom no limit of
  processes stops.
- **weak**: for Landlock, which knows neither of sockets, signals and shared memory nor of modes and owners of files.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Machine(NamedTuple):
    """A kind of machine: its audit name, and the numbers of its system calls."""

    audit: int
    numbers: Mapping[str, int]


_SAME = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "clone3": 435,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
}

MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(
        0xC000003E,
        _SAME
        | {
            "ioctl": 16,
            "shmget": 29,
            "shmat": 30,
            "shmctl": 31,
            "socket": 41,
            "clone": 56,
            "fork": 57,
            "vfork": 58,
            "kill": 62,
            "semget": 64,
            "msgget": 68,
            "chmod": 90,
            "fchmod": 91,
            "chown": 92,
            "fchown": 93,
            "lchown": 94,
            "ptrace": 101,
            "syslog": 103,
            "rt_sigqueueinfo": 129,
            "utime": 132,
            "personality": 135,
            "setpriority": 141,
            "vhangup": 153,
            "modify_ldt": 154,
            "pivot_root": 155,
            "adjtimex": 159,
            "chroot": 161,
            "acct": 163,
            "settimeofday": 164,
            "mount": 165,
            "umount2": 166,
            "swapon": 167,
            "swapoff": 168,
            "reboot": 169,
            "sethostname": 170,
            "setdomainname": 171,
            "iopl": 172,
            "ioperm": 173,
            "init_module": 175,
            "delete_module": 176,
            "quotactl": 179,
            "setxattr": 188,
            "lsetxattr": 189,
            "fsetxattr": 190,
            "removexattr": 197,
            "lremovexattr": 198,
            "fremovexattr": 199,
            "tkill": 200,
            "sched_setaffinity": 203,
            "clock_settime": 227,
            "tgkill": 234,
            "utimes": 235,
            "mq_open": 240,
            "kexec_load": 246,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "fchownat": 260,
            "futimesat": 261,
            "fchmodat": 268,
            "unshare": 272,
            "utimensat": 280,
            "rt_tgsigqueueinfo": 297,
            "perf_event_open": 298,
            "fanotify_init": 300,
            "prlimit64": 302,
            "name_to_handle_at": 303,
            "open_by_handle_at": 304,
            "setns": 308,
            "process_vm_readv": 310,
            "process_vm_writev": 311,
            "kcmp": 312,
            "finit_module": 313,
            "kexec_file_load": 320,
            "bpf": 321,
            "userfaultfd": 323,
        },
    ),
    "aarch64": Machine(
        0xC00000B7,
        _SAME
        | {
            "setxattr": 5,
            "lsetxattr": 6,
            "fsetxattr": 7,
            "removexattr": 14,
            "lremovexattr": 15,
            "fremovexattr": 16,
            "ioctl": 29,
            "umount2": 39,
            "mount": 40,
            "pivot_root": 41,
            "chroot": 51,
            "fchmod": 52,
            "fchmodat": 53,
            "fchownat": 54,
            "fchown": 55,
            "vhangup": 58,
            "quotactl": 60,
            "utimensat": 88,
            "acct": 89,
            "personality": 92,
            "unshare": 97,
            "kexec_load": 104,
            "init_module": 105,
            "delete_module": 106,
            "clock_settime": 112,
            "syslog": 116,
            "ptrace": 117,
            "sched_setaffinity": 122,
            "kill": 129,
            "tkill": 130,
            "tgkill": 131,
            "rt_sigqueueinfo": 138,
            "setpriority": 140,
            "reboot": 142,
            "sethostname": 161,
            "setdomainname": 162,
            "settimeofday": 170,
            "adjtimex": 171,
            "mq_open": 180,
            "msgget": 186,
            "semget": 190,
            "shmget": 194,
            "shmctl": 195,
            "shmat": 196,
            "socket": 198,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "clone": 220,
            "swapon": 224,
            "swapoff": 225,
            "rt_tgsigqueueinfo": 240,
            "perf_event_open": 241,
            "prlimit64": 261,
            "fanotify_init": 262,
            "name_to_handle_at": 264,
            "open_by_handle_at": 265,
            "setns": 268,
            "process_vm_readv": 270,
            "process_vm_writev": 271,
            "kcmp": 272,
            "finit_module": 273,
            "bpf": 280,
            "userfaultfd": 282,
            "kexec_file_load": 294,
        },
    ),
}

_WEAK = frozenset((
    "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal",
    "process_madvise", "setpriority", "sched_setaffinity", "shmget", "shmat", "shmctl", "semget", "msgget",
    "mq_open", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr",
    "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
    "utime", "utimes", "futimesat", "utimensat", "prlimit64",
))  # fmt: skip
_BY_ARGUMENT = frozenset({"socket", "ioctl", "clone", "prlimit64", "clone3", "fork", "vfork"})

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_NR, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24
_X32 = 0x40000000
_THREAD, _NAMESPACES = 0x00010000, 0x7E020000
_FAMILIES = (1, 2, 10, 16)
"""Sockets that a network namespace holds: unix, IPv4, IPv6, and netlink, which tells of them."""

_TYPING = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: they put text into the terminal of whoever started us."""

Instruction = tuple[int, int, int, int]


def known_machine() -> bool:
    """Whether there can be a filter on this machine."""
    return platform.machine() in MACHINES


def filter_program(*, alone: bool, weak: bool, machine: str = "") -> bytes:
    """Return the filter, as an array of `struct sock_filter`.

    Raises:
        KeyError: when the numbers of this machine are not known.
    """
    return b"".join(
        struct.pack("=HBBI", *one) for one in _program(MACHINES[machine or platform.machine()], alone=alone, weak=weak)
    )


def _program(machine: Machine, *, alone: bool, weak: bool) -> Iterator[Instruction]:
    numbers = machine.numbers
    yield from ((_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, machine.audit), (_RETURN, 0, 0, _KILL))
    yield (_LOAD, 0, 0, _NR)
    yield from _when(_AT_LEAST, _X32, _ENOSYS)
    for name, number in sorted(numbers.items(), key=lambda item: item[1]):
        if name not in _BY_ARGUMENT and (weak or name not in _WEAK):
            yield from _when(_EQUAL, number, _EPERM)
    # glibc takes the older call when this one is not there, and that one can be looked into
    yield from _when(_EQUAL, numbers["clone3"], _ENOSYS)
    for name in ("fork", "vfork"):
        if alone and name in numbers:
            yield from _when(_EQUAL, numbers[name], _EPERM)
    if alone:
        yield from _when(_EQUAL, numbers["socket"], _EPERM)
    families = [(_EQUAL, len(_FAMILIES) - place, 0, family) for place, family in enumerate(_FAMILIES)]
    yield from _looking(numbers["socket"], _ARG0, [*families, (_RETURN, 0, 0, _EPERM)])
    clone = [*_when(_ANY_BIT, _NAMESPACES, _EPERM)]
    if alone:
        clone += [(_ANY_BIT, 1, 0, _THREAD), (_RETURN, 0, 0, _EPERM)]
    yield from _looking(numbers["clone"], _ARG0, clone)
    yield from _looking(numbers["ioctl"], _ARG1, [step for number in _TYPING for step in _when(_EQUAL, number, _EPERM)])
    if weak:  # limits of oneself may be looked at and lowered
        yield from _looking(numbers["prlimit64"], _ARG0, [(_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _EPERM)])
    yield (_RETURN, 0, 0, _ALLOW)


def _when(test: int, value: int, verdict: int) -> Iterator[Instruction]:
    yield (test, 0, 1, value)
    yield (_RETURN, 0, 0, verdict)


def _looking(number: int, argument: int, steps: list[Instruction]) -> Iterator[Instruction]:
    """Yield what looks at the lower half of an argument of one call, and allows what `steps` let through."""
    yield (_EQUAL, 0, len(steps) + 2, number)
    yield (_LOAD, 0, 0, argument)
    yield from steps
    yield (_RETURN, 0, 0, _ALLOW)
