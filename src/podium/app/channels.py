"""The channels of notices that the settings name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from podium.adapters.notices.command import Command
from podium.adapters.notices.smtp import Mail
from podium.clock import Clock
from podium.effects.notices import Channel
from podium.spec.settings.notices import ChannelSettings, NoticeSettings

if TYPE_CHECKING:
    from podium.adapters.secrets.vault import Vault


def channels_of(settings: NoticeSettings, vault: Vault, clock: Clock) -> dict[str, Channel]:
    """Return the channels by name, in the order in which they are tried."""
    return {name: _channel(name, said, vault, clock) for name, said in settings.via.items()}


def _channel(name: str, said: ChannelSettings, vault: Vault, clock: Clock) -> Channel:
    def secret(text: str) -> Callable[[], Awaitable[str]]:
        return lambda: vault.fill(text, where=f"notices.via.{name}")

    if said.smtp is not None:
        assert said.from_ is not None
        return Mail(
            said.smtp,
            sender=said.from_,
            tls=said.tls,
            always=said.to,
            user=said.user,
            password=secret(said.password),
        )
    if said.webhook is not None:
        from podium.adapters.notices.webhook import Webhook

        return Webhook(said.webhook, secret=secret(said.secret), clock=clock)
    return Command(said.command)
