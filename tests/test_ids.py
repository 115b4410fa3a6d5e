from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from podium.ids import (
    NodeId,
    NodePath,
    RunId,
    SystemIds,
    child_path,
    effect_key,
    item_path,
    new_run_id,
    new_worker_id,
)


class Counting:
    """Ids out of a number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def random_bytes(self, count: int) -> bytes:
        return self.number.to_bytes(count, "big")


def test_a_path_says_where_a_node_stands() -> None:
    drafts = child_path(None, NodeId("drafts"))

    path = child_path(item_path(drafts, 3), NodeId("write"), round_=2)

    assert path == NodePath("drafts[3]/write~2")


@given(st.integers(0, 2**60 - 1), st.integers(0, 2**60 - 1))
def test_ids_are_short_legible_and_keep_60_bits(one: int, other: int) -> None:
    assume(one != other)

    assert re.fullmatch(r"r[0-9a-hjkmnp-tv-z]{12}", new_run_id(Counting(one)))
    assert re.fullmatch(r"w[0-9a-hjkmnp-tv-z]{12}", new_worker_id(Counting(one)))
    assert new_run_id(Counting(one)) != new_run_id(Counting(other))


def test_the_machine_gives_fresh_ids() -> None:
    assert len({new_run_id(SystemIds()) for _ in range(1_000)}) == 1_000


WORDS = st.text("ab/[]~1\x01", max_size=6)


@given(*(st.tuples(WORDS, WORDS, WORDS, st.integers(0, 30), st.integers(0, 30)) for _ in range(2)))
def test_effects_share_a_key_only_when_they_share_a_name(
    one: tuple[str, str, str, int, int], other: tuple[str, str, str, int, int]
) -> None:
    keys = [
        effect_key(RunId(root), NodePath(path), effect, turn=turn, position=position)
        for root, path, effect, turn, position in (one, other)
    ]

    assert (keys[0] == keys[1]) == (one == other)
    assert all(re.fullmatch(r"[0-9a-f]{32}", key) for key in keys)
