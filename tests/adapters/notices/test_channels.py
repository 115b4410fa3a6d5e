"""Each channel against a real server on this machine, or a real program."""

from __future__ import annotations

import asyncio
import email
import json
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from podium.adapters.notices.command import Command
from podium.adapters.notices.smtp import Mail
from podium.adapters.notices.webhook import Webhook, signature
from podium.adapters.notices.words import text
from podium.effects.notices import Addressee, Notice
from podium.errors import PodiumError
from podium.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

NOTICE = Notice(
    id="n1",
    what="asked",
    run="r10t551b5fqea",
    workflow="release-notes",
    node="approve",
    due=1_795_365_126_946,
    to=(Addressee("anna", "anna@example.org"), Addressee("bert", "bert@example.org"), Addressee("carl")),
    link="https://podium.example.org/inbox",
)


async def key() -> str:
    return "the key"


class Inbox:
    """Keeps what a mail server was handed."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], str]] = []
        self.refuses = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - the library's name
        if address == self.refuses:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Inbox, str]]:
    """A mail server in this loop, and where it listens; the client speaks to it from a thread."""
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, hostname="here", loop=loop), "127.0.0.1", 0)
    yield inbox, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


class Hook:
    """A web server that keeps what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.calls.append((dict(self.headers), body))
                self.send_response(hook.status)
                if hook.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


async def test_mail_reaches_all_who_have_an_address_and_none_sees_the_others(mailbox: tuple[Inbox, str]) -> None:
    inbox, server = mailbox

    await Mail(server, sender="podium@example.org", tls="none", always=("ops@example.org",), password=key).send(NOTICE)

    ((sender, to, content),) = inbox.taken
    message = email.message_from_string(content)
    assert (sender, to) == ("podium@example.org", ["anna@example.org", "bert@example.org", "ops@example.org"])
    assert (message["Subject"], message["To"]) == (
        "Podium: release-notes waits for your answer",
        "undisclosed-recipients:;",
    )
    assert "podium inbox show r10t551b5fqea approve" in content


async def test_mail_that_one_address_does_not_take_was_not_taken(mailbox: tuple[Inbox, str]) -> None:
    inbox, server = mailbox
    inbox.refuses = "bert@example.org"

    with pytest.raises(PodiumError, match=r"AP092: mail server `127\.0\.0\.1` did not take a notice: 1 of 2 addresses"):
        await Mail(server, sender="podium@example.org", tls="none", password=key).send(NOTICE)


async def test_mail_without_anybody_to_reach_is_not_taken(mailbox: tuple[Inbox, str]) -> None:
    lonely = Notice(id="n", what="asked", run="r", workflow="w", node="n", due=0, to=(Addressee("carl"),))

    with pytest.raises(PodiumError, match="nobody who may answer has an address"):
        await Mail(mailbox[1], sender="podium@example.org", tls="none", password=key).send(lonely)


async def test_a_server_without_tls_gets_no_password_and_no_mail(mailbox: tuple[Inbox, str]) -> None:
    inbox, server = mailbox

    with pytest.raises(PodiumError, match="AP092"):
        await Mail(server, sender="podium@example.org", tls="starttls", user="podium", password=key).send(NOTICE)
    assert inbox.taken == []


async def test_a_server_that_is_not_there_is_told_without_its_words() -> None:
    with pytest.raises(PodiumError, match="ConnectionRefusedError"):
        await Mail("127.0.0.1:1", sender="podium@example.org", tls="none", password=key).send(NOTICE)


async def test_a_web_call_is_signed_over_its_time_and_its_bytes(hook: Hook) -> None:
    clock = FakeClock()

    await Webhook(hook.url, secret=key, clock=clock).send(NOTICE)

    ((headers, body),) = hook.calls
    timestamp = str(clock.now() // 1000)
    assert headers["Podium-Timestamp"] == timestamp
    assert headers["Podium-Signature"] == signature("the key", timestamp, body)
    assert headers["Podium-Signature"] != signature("another key", timestamp, body)
    assert headers["Podium-Signature"] != signature("the key", timestamp, body + b" ")
    assert headers["Idempotency-Key"] == "n1"
    told = json.loads(body)
    assert (told["run"], told["node"], told["to"][0]["name"]) == ("r10t551b5fqea", "approve", "anna")


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_anything_but_a_yes_of_the_other_side_is_none_and_redirects_are_not_followed(
    hook: Hook, status: int
) -> None:
    hook.status = status

    with pytest.raises(PodiumError, match=f"AP092: the webhook did not take a notice: status {status}"):
        await Webhook(hook.url, secret=key, clock=FakeClock()).send(NOTICE)
    assert len(hook.calls) == 1


async def test_a_command_reads_the_notice_and_sees_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_SECRET_MAIL", "hidden")
    out = tmp_path / "told.json"
    program = (
        "import json, os, sys; told = json.load(sys.stdin); told['env'] = sorted(os.environ); "
        f"json.dump(told, open({str(out)!r}, 'w'))"
    )

    await Command([sys.executable, "-c", program]).send(NOTICE)

    told = json.loads(await asyncio.to_thread(out.read_text))
    assert (told["node"], told["text"]) == ("approve", text(NOTICE))
    assert "PODIUM_SECRET_MAIL" not in told["env"]


@pytest.mark.parametrize(
    ("command", "why"), [((sys.executable, "-c", "exit(3)"), "exit code 3"), (("/nowhere",), "No such file")]
)
async def test_a_command_that_fails_has_not_taken_it(command: tuple[str, ...], why: str) -> None:
    with pytest.raises(PodiumError, match=f"AP092: .*{why}"):
        await Command(command).send(NOTICE)


def test_the_text_says_what_until_when_and_where_and_not_what_is_asked() -> None:
    assert text(NOTICE).splitlines() == [
        "release-notes, run r10t551b5fqea, node approve waits for your answer.",
        "",
        "The question ends at 2026-11-22 16:32 UTC.",
        "See what is asked: podium inbox show r10t551b5fqea approve",
        "Or here: https://podium.example.org/inbox",
    ]
