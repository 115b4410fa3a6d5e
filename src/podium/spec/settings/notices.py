"""Section `[notices]` of `podium.toml`: how people are told that something waits for them.

```toml
[notices]
link = "https://podium.example.org/inbox"

[notices.via.mail]
smtp = "mail.example.org:587"
from = "podium@example.org"
user = "podium"
password = "${secrets.smtp_password}"

[notices.via.chat]
webhook = "https://chat.example.org/hooks/podium"
secret = "${secrets.chat_hook}"
```

They are tried in the order in which they stand here, until one of them has taken the notice.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.base import SpecModel
from podium.spec.names import Name

Address = Annotated[str, Field(pattern=r"^[^\s<>@,;\"]+@[^\s<>@,;\"]+$", max_length=254)]


class ChannelSettings(SpecModel):
    """One way to tell people; exactly one of `smtp`, `webhook` and `command`."""

    smtp: Annotated[str, Field(pattern=r"^[^\s:/]+:[0-9]{1,5}$")] | None = None
    """A mail server and its port."""

    tls: Literal["starttls", "tls", "none"] = "starttls"
    """With `smtp`: how the connection is protected."""

    from_: Annotated[Address | None, Field(alias="from")] = None
    """With `smtp`: the sender."""

    to: Annotated[tuple[Address, ...], Field(max_length=50)] = ()
    """With `smtp`: who is told in any case, beside the people who may answer."""

    user: str = ""
    """With `smtp`: the name to log in with; empty for no login."""

    password: str = ""
    """With `smtp`: a reference such as `${secrets.smtp_password}`."""

    webhook: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] | None = None
    """An address that is called with JSON."""

    secret: str = ""
    """With `webhook`: the key of its signature, a reference such as `${secrets.chat_hook}`."""

    command: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    """A program with its arguments; it reads JSON from its standard input."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((self.smtp is not None, self.webhook is not None, bool(self.command))) != 1:
            raise _wrong("expected exactly one of `smtp`, `webhook` and `command`")
        if self.smtp is not None and self.from_ is None:
            raise _wrong("`smtp` needs a sender: add `from`")
        if self.webhook is not None and not self.secret:
            raise _wrong("`webhook` needs a key for its signature: add `secret`")
        for key, text in (("password", self.password), ("secret", self.secret)):
            if text and not (text.startswith("${secrets.") and text.endswith("}")):
                raise _wrong(f"`{key}` must be a reference such as `${{secrets.name}}`, not the value itself")
        return self


class NoticeSettings(SpecModel):
    """How people are told that something waits for them."""

    via: Annotated[dict[Name, ChannelSettings], Field(max_length=20)] = Field(default_factory=dict)
    """The ways, by name, in the order in which they are tried."""

    link: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")] = ""
    """An address that notices name; without it they name the command that answers."""


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("notices", "{text}", {"text": text})
