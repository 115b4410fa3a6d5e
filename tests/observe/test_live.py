from __future__ import annotations

from podium.ids import NodePath
from podium.observe.live import TAIL, Stream, Streams

A = NodePath("a")
B = NodePath("b")


def test_pieces_are_counted_and_the_last_words_kept_on_one_line() -> None:
    streams = Streams()
    for piece in ("Hello\n", "  big ", "", "world"):
        streams.hear(A, piece)

    assert streams.of(A) == Stream(3, "Hello big world")


def test_only_the_tail_is_kept() -> None:
    streams = Streams()
    for _ in range(100):
        streams.hear(A, "0123456789")

    assert (streams.of(A).pieces, len(streams.of(A).tail)) == (100, TAIL)


def test_nodes_do_not_hear_each_other_and_a_closed_one_is_forgotten() -> None:
    streams = Streams()
    streams.hear(A, "x")
    streams.hear(B, "y")
    streams.close(A)

    assert (streams.of(A), streams.of(B)) == (Stream(), Stream(1, "y"))
