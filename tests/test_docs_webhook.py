"""The receiver on the page about webhooks is started as it is written, and called."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "howto" / "wait-for-a-webhook.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
PATIENCE_S = 20

pytestmark = pytest.mark.slow


def block(language: str) -> str:
    found = re.search(rf"^```{language}[^\n]*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def podium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "podium"), *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60, check=False
    )


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "PODIUM_HOME": str(folder / "home")}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the receiver of the page listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "receiver.py").write_text(block("python"), encoding="utf-8")
    command = [sys.executable, "receiver.py", str(port)]
    env = environment(tmp_path)
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as receiver:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            receiver.kill()


def wait_for(port: int) -> None:
    """Wait until somebody listens: a process tells nobody when it does."""
    for _ in range(PATIENCE_S * 20):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the receiver does not listen")


def call(address: str, token: str, value: object) -> int:
    """Return the status of the answer."""
    request = Request(f"{address}/{token}", data=json.dumps(value).encode(), method="POST")
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status
    except HTTPError as error:
        with error:
            return error.code


def test_the_receiver_passes_a_call_on_to_the_run_that_waits_for_it(tmp_path: Path, address: str) -> None:
    (tmp_path / "order.yaml").write_text(block("yaml"), encoding="utf-8")
    run = json.loads(podium(tmp_path, "run", "order.yaml", "-o", "json").stdout)
    token = run["told"][0]["value"]["answer_to"]

    assert call(address, "r0000000000aa.cGFpZA.0", {"amount": 1}) == 400
    assert call(address, token, {"amount": 12}) == 204
    assert call(address, token, {"amount": 13}) == 400

    done = json.loads(podium(tmp_path, "runs", "resume", run["run"], "-o", "json").stdout)
    assert (done["status"], done["result"]) == ("done", "Shipped 4711, 12 EUR paid")
