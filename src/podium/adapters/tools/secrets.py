"""Secrets of a grant: `${secrets.name}` in `env:` and `headers:` becomes its value when a server is reached.

Values are handed to that server alone. They stand in no record, message or log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from podium.adapters.secrets.providers import PREFIX
from podium.adapters.secrets.vault import Vault

__all__ = ["PREFIX", "Resolved", "resolve"]


class Resolved(NamedTuple):
    """An environment, or headers, with the secrets filled in, and the values that must not be shown."""

    env: dict[str, str]
    hidden: tuple[str, ...]


async def resolve(vault: Vault, texts: Mapping[str, str], *, kind: str, target: str) -> Resolved:
    """Fill in the secrets; `kind` is the key of the grant that they stand under.

    Raises:
        EffectError: EF014 when one is not set, or when there is another `${…}`; EF070 or EF071 when it cannot be had.
    """
    env = {name: await vault.fill(text, where=f"`{kind}.{name}` of `{target}`") for name, text in texts.items()}
    return Resolved(env, vault.known)
