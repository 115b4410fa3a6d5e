"""Who is who: the people of an installation, and what somebody holds at this moment.

1. Nobody is configured: whoever the operating system says is acting holds every role, and each answer says so
   (`assumed`).
2. People are configured: who acts is the one who has that user name, or that token; they hold what is written there,
   and nothing else. Somebody who is not there is a stranger, `user:NAME`, who may decide nothing.

Names of people have no colon, so no stranger can be taken for one of them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from podium.spec.approval_rule import Party, Rule, Voters

STRANGER = "user:"


class Person(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the installation.

    Attributes:
        users: Names of theirs in the operating system.
        tokens: SHA-256 (hex) of what they prove themselves with elsewhere.
        email: Where they are told that something waits for them, or "".
    """

    name: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    email: str = ""


class Voter(Struct, frozen=True, gc=False):
    """Somebody who says something, with what they hold at that moment.

    Attributes:
        assumed: No identities are configured: they hold every role because nobody says otherwise.
    """

    name: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    assumed: bool = False

    @property
    def stranger(self) -> bool:
        """Whether nobody knows them."""
        return self.name.startswith(STRANGER)


@dataclass(frozen=True)
class Directory:
    """The people of an installation, by name; nobody when identities are not configured."""

    people: Mapping[str, Person] = field(default_factory=dict[str, Person])

    @property
    def configured(self) -> bool:
        """Whether anybody is."""
        return bool(self.people)

    def voter(self, user: str) -> Voter:
        """Return who acts under a user name of the operating system."""
        if not self.configured:
            return Voter(user, assumed=True)
        found = next((person for person in self.people.values() if user in person.users), None)
        return voter_of(found) if found is not None else Voter(STRANGER + user)

    def bearer(self, token: str) -> Voter | None:
        """Return who holds a token, None when nobody does."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        for person in self.people.values():
            if any(hmac.compare_digest(digest, known.lower()) for known in person.tokens):
                return voter_of(person)
        return None

    def named(self, name: str) -> Voter | None:
        """Return somebody by name with what they hold now; None when there is no such person."""
        person = self.people.get(name)
        return voter_of(person) if person is not None else None

    def meant(self, text: str) -> tuple[str, ...]:
        """Return the names of whom a text means: a person by name or address, or all of a group; itself otherwise."""
        if not text:
            return ()
        found = [
            person.name
            for person in self.people.values()
            if text in (person.name, person.email) or text in person.groups
        ]
        return tuple(sorted(found)) or (text,)

    def of(self, voters: Voters, *, without: Iterable[str] = ()) -> tuple[Person, ...]:
        """Return the people whom a stage means."""
        left_out = set(without)
        found = (person for person in self.people.values() if person.name not in left_out)
        return tuple(person for person in found if belongs(voter_of(person), voters))


def excluded(people: Directory, rule: Rule, parties: Mapping[Party, str]) -> tuple[str, ...]:
    """Return the names of those whom `four_eyes` means; `parties` are they as they are written down."""
    return tuple(sorted({name for party in rule.four_eyes for name in people.meant(parties.get(party, ""))}))


def voter_of(person: Person) -> Voter:
    """Return a person with what they hold now."""
    return Voter(person.name, person.roles, person.groups)


def belongs(voter: Voter, voters: Voters) -> bool:
    """Whether somebody is one of those whom a stage means."""
    if voter.stranger:
        return False
    if voter.assumed or voters.anybody:
        return True
    return (
        voter.name in voters.people
        or any(role in voters.roles for role in voter.roles)
        or any(group in voters.groups for group in voter.groups)
    )
