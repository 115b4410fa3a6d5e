"""Section `[people]` of `podium.toml`: who is who, and what they may decide.

```toml
[people.anna]
roles = ["finance", "release_manager"]
groups = ["berlin"]
users = ["awinter"]
email = "anna@example.org"
```

Without this section identities are not configured: whoever the operating system says is acting holds every role.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from podium.spec.approval import PersonName
from podium.spec.auth import LoginUrl, SecretText
from podium.spec.base import SpecModel
from podium.spec.names import Name

MAX_PEOPLE = 10_000


class PersonSettings(SpecModel):
    """Somebody of this installation."""

    roles: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    """What they may decide about."""

    groups: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    """Where they belong."""

    users: Annotated[tuple[str, ...], Field(max_length=20)] | None = None
    """What they are called by the operating system; by default as here. An empty list: they have no account there."""

    token_sha256: Annotated[tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...], Field(max_length=20)] = ()
    """SHA-256 of tokens that prove who they are where the operating system cannot tell, such as in a script that
    several people share. The token itself stands in `PODIUM_TOKEN` of whoever acts."""

    tokens: Annotated[dict[LoginUrl, SecretText], Field(max_length=20)] = Field(default_factory=dict)
    """What proves who they are to authorization servers, by the `token_url` of these, each as `${secrets.name}`. It is
    shown there and nowhere else, to be exchanged for tokens with which workflows call tools in their name."""

    email: Annotated[str, Field(pattern=r"^[^\s<>@,;\"]+@[^\s<>@,;\"]+$|^$", max_length=254)] = ""
    """Where they are told that something waits for them."""


def _each_user_once(people: dict[str, PersonSettings]) -> dict[str, PersonSettings]:
    owners: dict[str, str] = {}
    for name, person in people.items():
        for user in person.users if person.users is not None else (name,):
            if owners.setdefault(user, name) != name:
                kind, message = "people", "user `{user}` is `{one}` and `{other}`: nobody could tell who acts"
                raise PydanticCustomError(kind, message, {"user": user, "one": owners[user], "other": name})
    return people


People = Annotated[dict[PersonName, PersonSettings], Field(max_length=MAX_PEOPLE), AfterValidator(_each_user_once)]
"""The people of an installation, by name."""
