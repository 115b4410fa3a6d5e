"""Section `[secrets]` of `podium.toml`: where each secret comes from; its value stands in no file of Podium."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.base import SpecModel

_Text = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]


class SecretSource(SpecModel):
    """One place from which the value is fetched when a call needs it. Without an entry it is `PODIUM_SECRET_NAME`."""

    env: _Text | None = None
    """An environment variable of the process that runs Podium."""

    file: _Text | None = None
    """A file that only its owner may read, from the folder of `podium.toml`; a line break at its end does not count."""

    keyring: _Text | None = None
    """An entry of the system's key ring, as `service/user`; needs the extra `keyring`."""

    command: Annotated[tuple[_Text, ...], Field(min_length=1, max_length=100)] | None = None
    """A program with its arguments that prints the value, such as `["pass", "show", "erp"]`."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [name for name in ("env", "file", "keyring", "command") if getattr(self, name) is not None]
        if len(given) != 1:
            kind, message = "secret_source", "expected exactly one of `env`, `file`, `keyring` and `command`"
            raise PydanticCustomError(kind, message)
        if self.keyring is not None and not all(self.keyring.partition("/")):
            kind, message = "secret_source", "expected `keyring` as `service/user`"
            raise PydanticCustomError(kind, message)
        return self
