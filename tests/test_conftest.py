"""The guards of the test suite themselves: each catches what is planted."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from blockbuster import BlockingError
from pytest_socket import SocketConnectBlockedError

import podium

BLOCKING = {
    "sleep": "import time\ndef act(): time.sleep(0)\n",
    "read": "from pathlib import Path\ndef act(): Path(__file__).read_text()\n",
    "sqlite": "import sqlite3\ndef act(): sqlite3.connect(':memory:').execute('select 1')\n",
}


def planted(source: str) -> Callable[[], object]:
    """Return `act` of a module that, by its file name, belongs to Podium."""
    file = Path(podium.__path__[0]) / "planted.py"
    names: dict[str, object] = {"__file__": __file__}
    exec(compile(source, file, "exec"), names)
    return cast("Callable[[], object]", names["act"])


@pytest.mark.anyio
@pytest.mark.parametrize("name", BLOCKING)
async def test_a_blocking_call_of_podium_in_the_loop_fails(name: str) -> None:
    with pytest.raises(BlockingError):
        planted(BLOCKING[name])()


@pytest.mark.parametrize("name", BLOCKING)
def test_the_same_call_outside_a_loop_is_nobodys_business(name: str) -> None:
    planted(BLOCKING[name])()


@pytest.mark.anyio
async def test_a_lazy_import_in_the_loop_is_allowed() -> None:
    planted("def act():\n    import wsgiref.headers\n")()


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_socket_beyond_loopback_is_refused() -> None:
    with socket.socket() as beyond, pytest.raises(SocketConnectBlockedError):
        beyond.connect(("192.0.2.1", 9))
