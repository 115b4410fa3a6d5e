"""What is being said right now: the pieces of text that models stream, kept only as long as somebody looks.

Streamed text is progress, never a result: it is not recorded, and only the process that drives a run hears it.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.ids import NodePath

TAIL = 80
"""Characters kept of what was said last."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What one node has said so far: pieces (about one a token) and the last characters, on one line."""

    pieces: int = 0
    tail: str = ""


class Streams:
    """The streams of one run by node path."""

    def __init__(self) -> None:
        self._streams: dict[NodePath, Stream] = {}

    def hear(self, path: NodePath, text: str) -> None:
        """Take a piece of text; an empty one is a sign of life without words."""
        if text:
            before = self._streams.get(path, Stream())
            words = " ".join((before.tail + text).split())
            if text[-1].isspace() and words:
                words += " "
            self._streams[path] = Stream(before.pieces + 1, words[-TAIL:])

    def of(self, path: NodePath) -> Stream:
        """Return what a node has said."""
        return self._streams.get(path, Stream())

    def close(self, path: NodePath) -> None:
        """Forget a node that has ended."""
        self._streams.pop(path, None)
