"""Tokens by which something outside answers one wait of one run, and nothing else.

A token is `<run>.<path>.<mac>`: who holds it may send the signal that the node at that path waits for. The MAC is
HMAC-SHA256 (RFC 2104) over run and path with a key of the installation, so a token cannot be guessed or bent to another
node, and nothing needs to be stored to check it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

from podium.errors import UsageError
from podium.ids import NodePath, RunId

_MAC_CHARS = 32
"""128 bits in hex."""


class Callback(NamedTuple):
    """What a token is for."""

    run: RunId
    path: NodePath


def token(key: bytes, run: RunId, path: NodePath) -> str:
    """Return the token of a node that waits."""
    place = base64.urlsafe_b64encode(path.encode()).decode().rstrip("=")
    return f"{run}.{place}.{_mac(key, run, path)}"


def read_token(key: bytes, text: str) -> Callback:
    """Return what a token is for.

    Raises:
        UsageError: EN016 when it is none of ours.
    """
    run, _, rest = text.partition(".")
    place, _, mac = rest.partition(".")
    try:
        path = NodePath(base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode())
    except ValueError:
        raise _refused() from None
    if not hmac.compare_digest(mac.encode(), _mac(key, RunId(run), path).encode()):
        raise _refused()
    return Callback(RunId(run), path)


def _mac(key: bytes, run: RunId, path: NodePath) -> str:
    return hmac.new(key, f"{run}\x00{path}".encode(), hashlib.sha256).hexdigest()[:_MAC_CHARS]


def _refused() -> UsageError:
    return UsageError("EN016", "this is no callback token of this installation", help="copy the whole token")
