"""Loaded by every Python started with this folder on PYTHONPATH: writes down, and refuses, whatever leaves the machine.

It hears the audit events of Python's own sockets (PEP 578), which every library of ours goes through. The file named by
`PODIUM_EGRESS_LOG` gets one line a process (`started`) and one for each address that is not loopback.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import cast

LOG = os.environ.get("PODIUM_EGRESS_LOG", "")
WATCHED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}


def _write(line: str) -> None:
    with Path(LOG).open("a") as log:
        log.write(f"{os.getpid()} {line}\n")


def _host(event: str, arguments: tuple[object, ...]) -> object:
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        return arguments[0]
    address = arguments[1]
    if not isinstance(address, tuple):
        return None  # a path (Unix socket), or already connected
    return cast("tuple[object, ...]", address)[0]


def _stays_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host is None or host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event in WATCHED and not _stays_here(host := _host(event, arguments)):
        _write(f"{event} {host}")
        message = f"the test refuses `{event}` to `{host}`"
        raise PermissionError(message)


if LOG:
    _write("started")
    sys.addaudithook(_hear)
