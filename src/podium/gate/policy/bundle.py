"""The policies in force, as one text: what is kept with every decision that they make.

Whatever a decision depends on besides the effect itself is in it: the texts of all files, the version of the schema,
the levels of confidentiality, who has which role, where models are. So a decision can be made again later, exactly.
The bundle is JSON with sorted keys; its digest names it.
"""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct, field

from podium.gate.labels import DEFAULT_LATTICE, Lattice
from podium.gate.policy.schema import SCHEMA_VERSION

_encode = msgspec.json.Encoder(order="sorted").encode


class Holds(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person holds."""

    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Bundle(Struct, frozen=True, kw_only=True):
    """See the module's rules.

    Attributes:
        files: Texts by name, such as `policies/mail.cedar`.
        people: By name; None while identities are not configured: then everybody holds every role.
        regions: Of models, by name or pattern.
    """

    files: dict[str, str] = field(default_factory=dict[str, str])
    schema: int = SCHEMA_VERSION
    levels: tuple[str, ...] = DEFAULT_LATTICE.levels
    default: str = DEFAULT_LATTICE.default
    people: dict[str, Holds] | None = None
    regions: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def lattice(self) -> Lattice:
        """The levels of confidentiality."""
        return Lattice(self.levels, self.default)

    def encode(self) -> bytes:
        """Return it as it is kept."""
        return _encode(self)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what is kept."""
        return hashlib.sha256(self.encode()).hexdigest()


def decode(data: bytes) -> Bundle:
    """Return a bundle that was kept.

    Raises:
        msgspec.DecodeError: when it is none.
    """
    return msgspec.json.decode(data, type=Bundle)
