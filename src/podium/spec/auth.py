"""How a tool server that is reached by URL is logged in to: with OAuth, at an authorization server.

```yaml
auth:
  token_url: https://login.example.org/token
  client_id: podium
  client_secret: ${secrets.podium_client}
  scope: [orders.read]
```

Nothing is sent where a grant does not say so. What is sent is a token for this server alone (RFC 8707), in the name of
the person who started the run; a token that all runs share must be asked for with `as: service`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.base import SpecModel

_REFERENCE = re.compile(r"^\$\{\s*secrets\.[a-z][a-z0-9_]*\s*\}$")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def login_url(url: str) -> str:
    """Return the URL of a place where one logs in; secrets travel there, so it is HTTPS or on this machine."""
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        safe, parts = False, urlsplit("")
    if not safe or not parts.hostname or parts.username is not None or parts.fragment:
        kind, message = "login_url", "expected an `https://` URL, or one of this machine, got `{got}`"
        raise PydanticCustomError(kind, message, {"got": url})
    return url


def only_reference(text: str) -> str:
    """Return a text that is nothing but the reference to a secret."""
    if not _REFERENCE.match(text):
        kind, message = "secret_reference", "expected a secret by reference, such as `${{secrets.name}}`"
        raise PydanticCustomError(kind, message)
    return text


LoginUrl = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(login_url)]
SecretText = Annotated[str, StringConstraints(max_length=200), AfterValidator(only_reference)]
_Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s\"\\]+$")]


class AuthSpec(SpecModel):
    """How a server is logged in to."""

    token_url: LoginUrl
    """Where tokens are given: the token endpoint of the authorization server."""

    client_id: _Word
    """Who Podium is there."""

    client_secret: SecretText
    """What proves it: `${secrets.name}`."""

    scope: Annotated[tuple[_Word, ...], Field(max_length=50)] = ()
    """What is asked for; without it what the authorization server gives."""

    audience: str = ""
    """What the authorization server calls the tool server, where it does not know it by its URL."""

    as_: Annotated[Literal["person", "service"], Field(alias="as")] = "person"
    """In whose name. `person`: the token of whoever started the run is exchanged for one that says for whom, and by
    which workflow (RFC 8693). `service`: one token for all runs, whoever started them."""

    @model_validator(mode="after")
    def _no_expressions(self) -> Self:
        for key in ("token_url", "client_id", "audience"):
            if "${" in getattr(self, key):
                kind, message = "auth", "`{key}` can hold no expression"
                raise PydanticCustomError(kind, message, {"key": key, "loc": (key,)})
        return self
