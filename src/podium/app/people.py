"""Who is acting here: a person of `podium.toml`, or, while nobody is configured, the operating system's user.

`PODIUM_TOKEN` tells who acts where several people share an account. A token that nobody has stops the command: to act
as somebody else than one meant to would be worse.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from podium.app.home import TOKEN
from podium.app.principal import principal
from podium.errors import UsageError
from podium.gate.roles import Directory, Person, Voter
from podium.spec.settings.people import PersonSettings


def directory_of(people: Mapping[str, PersonSettings]) -> Directory:
    """Return the people of the settings."""
    return Directory({name: _person(name, said) for name, said in people.items()})


def acting(directory: Directory) -> Voter:
    """Return who acts in this process, with what they hold now.

    Raises:
        UsageError: AP091 when the token is nobody's.
    """
    token = os.environ.get(TOKEN, "")
    if not token:
        return directory.voter(principal())
    found = directory.bearer(token)
    if found is None:
        raise UsageError(
            "AP091",
            f"the token in `{TOKEN}` is nobody's here",
            help="unset it, or add its SHA-256 as `token_sha256` of a person in podium.toml",
        )
    return found


def _person(name: str, said: PersonSettings) -> Person:
    return Person(
        name=name,
        roles=tuple(sorted(set(said.roles))),
        groups=tuple(sorted(set(said.groups))),
        users=said.users if said.users is not None else (name,),
        tokens=said.token_sha256,
        email=said.email,
    )
