"""The protobuf wire format, as far as the expression compiler's answers need it.

CEL hands its syntax tree out only as a serialized `ParsedExpr`. Reading the few fields that matter here is shorter
than a generated module, and needs no descriptor.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_VARINT, _BYTES = 0, 2
_WIDTHS = {1: 8, 5: 4}
"""Bytes of the kinds of fixed width."""


class Fields:
    """The fields of one message, read once; an absent field has the default of its kind.

    Attributes:
        present: The numbers of the fields that are there.
    """

    __slots__ = ("_values", "present")

    def __init__(self, message: bytes) -> None:
        self._values: dict[int, list[int | bytes]] = {}
        for number, value in _fields(message):
            self._values.setdefault(number, []).append(value)
        self.present = frozenset(self._values)

    def integer(self, number: int) -> int:
        """Return a varint as the unsigned number that it is on the wire, 0 when absent."""
        value = self._values.get(number, [0])[-1]
        return value if isinstance(value, int) else 0

    def signed(self, number: int) -> int:
        """Return an int64."""
        value = self.integer(number)
        return value - (1 << 64) if value >> 63 else value

    def double(self, number: int) -> float:
        """Return a double."""
        return float(struct.unpack("<d", self.integer(number).to_bytes(8, "little"))[0])

    def raw(self, number: int) -> bytes:
        """Return a length-delimited field, b"" when absent."""
        value = self._values.get(number, [b""])[-1]
        return value if isinstance(value, bytes) else b""

    def text(self, number: int) -> str:
        """Return a string."""
        return self.raw(number).decode()

    def message(self, number: int) -> Fields:
        """Return an embedded message."""
        return Fields(self.raw(number))

    def messages(self, number: int) -> Iterator[Fields]:
        """Yield the messages of a repeated field."""
        for value in self._values.get(number, []):
            if isinstance(value, bytes):
                yield Fields(value)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
        elif kind == _BYTES:
            size, position = _varint(message, position)
            value, position = message[position : position + size], position + size
        else:
            width = _WIDTHS[kind]
            value, position = int.from_bytes(message[position : position + width], "little"), position + width
        yield tag >> 3, value


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
