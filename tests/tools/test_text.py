from __future__ import annotations

import pytest

from podium.errors import EffectError
from podium.tools.text import find

LOG = "Commit: a1\nMessage: First\n\nCommit: b2\nMessage: Second thing\n"


def test_what_is_found_is_numbered_from_one_in_order() -> None:
    assert find(LOG, r"^Message: (.+)$") == [{"number": 1, "text": "First"}, {"number": 2, "text": "Second thing"}]


def test_a_pattern_without_a_group_gives_the_whole_match() -> None:
    assert find(LOG, r"Commit: \w+", limit=1) == [{"number": 1, "text": "Commit: a1"}]


def test_nothing_found_is_an_empty_list() -> None:
    assert find("", "x") == []


def test_a_broken_pattern_is_told_as_the_callers_mistake() -> None:
    with pytest.raises(EffectError, match="EF026") as caught:
        find(LOG, "(")

    assert (caught.value.kind, caught.value.landed) == ("invalid_input", "no")
