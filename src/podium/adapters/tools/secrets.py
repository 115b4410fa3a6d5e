"""Secrets in the environment of a tool: `${secrets.name}` is the value of `PODIUM_SECRET_NAME`, at the last moment.

Values are read when a server starts and handed to it alone. They stand in no record, message or log.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from podium.errors import EffectError

_REFERENCE = re.compile(r"\$\{secrets\.([a-z][a-z0-9_]*)\}")
PREFIX = "PODIUM_SECRET_"


class Resolved(NamedTuple):
    """An environment with its secrets filled in, and the values that must not be shown."""

    env: dict[str, str]
    hidden: tuple[str, ...]


def resolve(env: Mapping[str, str], *, target: str) -> Resolved:
    """Fill in the secrets.

    Raises:
        EffectError: EF014 when one is not set, or when there is another `${…}`.
    """
    hidden: list[str] = []

    def value(match: re.Match[str]) -> str:
        secret = os.environ.get(PREFIX + match[1].upper(), "")
        if not secret:
            raise EffectError(
                "EF014",
                f"`{target}` needs the secret `{match[1]}`, which is not set",
                kind="invalid_input",
                help=f"set the environment variable {PREFIX}{match[1].upper()} where Podium runs",
            )
        hidden.append(secret)
        return secret

    resolved: dict[str, str] = {}
    for name, text in env.items():
        if "${" in _REFERENCE.sub("", text):
            raise EffectError(
                "EF014",
                f"`env.{name}` of `{target}` holds an expression",
                kind="invalid_input",
                help="only `${secrets.name}` can stand there",
            )
        resolved[name] = _REFERENCE.sub(value, text)
    return Resolved(resolved, tuple(hidden))
