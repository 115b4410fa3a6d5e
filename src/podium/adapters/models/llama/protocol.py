"""What parent and child say to each other: one JSON object a line, over the child's stdin and stdout.

    parent → child   Ask, Cancel
    child → parent   Ready, Reading, Piece, Answered, Failed

The child works on one request at a time, in the order in which they came. Everything that it says about a request
carries the request's id; after `Answered` or `Failed` it says no more about it. When its stdin ends, it ends.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from podium.errors import ErrorKind
from podium.node.calls import Message

Json = Any


class Ask(Struct, frozen=True, kw_only=True, tag="ask"):
    """A question; see `ModelCall`."""

    id: int
    messages: tuple[Message, ...]
    schema: dict[str, Json] | None
    max_tokens: int
    temperature_milli: int


class Cancel(Struct, frozen=True, kw_only=True, tag="cancel"):
    """Stop working on a request, or do not begin."""

    id: int


class Ready(Struct, frozen=True, kw_only=True, tag="ready"):
    """The model is loaded.

    Attributes:
        context: Tokens that prompt and answer may have together.
    """

    context: int


class Reading(Struct, frozen=True, kw_only=True, tag="reading"):
    """A part of the prompt has been read; tokens."""

    id: int
    done: int
    total: int


class Piece(Struct, frozen=True, kw_only=True, tag="piece"):
    """A piece of the answer."""

    id: int
    text: str


class Answered(Struct, frozen=True, kw_only=True, tag="answered"):
    """The answer is complete; tokens as in `Usage`."""

    id: int
    finish: Literal["stop", "length"]
    input_tokens: int
    output_tokens: int
    cached_tokens: int


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """There is no answer; the fields of an `EffectError`. `id` 0: the model could not be loaded."""

    id: int
    code: str
    kind: ErrorKind
    message: str
    help: str = ""


ToChild = Ask | Cancel
FromChild = Ready | Reading | Piece | Answered | Failed

encoder = Encoder()
to_child: Decoder[ToChild] = Decoder(ToChild)
from_child: Decoder[FromChild] = Decoder(FromChild)


def line(message: ToChild | FromChild) -> bytes:
    """Return the message as a line."""
    return encoder.encode(message) + b"\n"
