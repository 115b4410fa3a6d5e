"""Notices by mail: one message to all who may answer, without their names in each other's sight."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.utils import formatdate

from podium.adapters.notices.words import not_taken, subject, text
from podium.effects.notices import Notice

TIMEOUT_S = 15.0
Secret = Callable[[], Awaitable[str]]


class Mail:
    """One mail server."""

    def __init__(
        self, server: str, *, sender: str, tls: str, always: tuple[str, ...] = (), user: str = "", password: Secret
    ) -> None:
        self._host, _, port = server.rpartition(":")
        self._port = int(port)
        self._sender, self._tls, self._always, self._user, self._password = sender, tls, always, user, password

    async def send(self, notice: Notice) -> None:
        to = sorted({*(one.email for one in notice.to if one.email), *self._always})
        if not to:
            raise not_taken(f"mail server `{self._host}`", "nobody who may answer has an address")
        password = await self._password() if self._user else ""
        message = EmailMessage()
        message["From"], message["To"] = self._sender, "undisclosed-recipients:;"
        message["Subject"], message["Date"] = subject(notice), formatdate(localtime=False)
        message["Message-ID"] = f"<{notice.id}@{self._sender.partition('@')[2]}>"
        message.set_content(text(notice))
        try:
            refused = await asyncio.to_thread(self._hand_over, message, to, password)
        except (OSError, smtplib.SMTPException) as error:
            raise not_taken(f"mail server `{self._host}`", type(error).__name__) from None
        if refused:
            raise not_taken(f"mail server `{self._host}`", f"{len(refused)} of {len(to)} addresses were refused")

    def _hand_over(self, message: EmailMessage, to: list[str], password: str) -> dict[str, tuple[int, bytes]]:
        context = ssl.create_default_context()
        if self._tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        with server:
            if self._tls == "starttls":
                server.starttls(context=context)
            if self._user:
                server.login(self._user, password)
            return server.send_message(message, from_addr=self._sender, to_addrs=to)
