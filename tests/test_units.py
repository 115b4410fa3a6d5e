from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.units import MAX_DURATION, format_duration, format_size, parse_duration, parse_size

MILLISECOND = timedelta(milliseconds=1)


@given(st.integers(1, MAX_DURATION // MILLISECOND).map(lambda count: count * MILLISECOND))
def test_a_duration_is_read_back_as_it_was_written(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("500ms", timedelta(milliseconds=500)),
        (" 2d ", timedelta(days=2)),
    ],
)
def test_durations_have_units(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "30", "s", "1.5h", "-5m", "5 m", "0s", "4000d", "1w", "5m x", "٣s", "9" * 5000 + "s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "size"), [("0B", 0), ("64KiB", 65_536), ("10MB", 10_000_000), ("1 GiB", 1 << 30)])
def test_sizes_have_units(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "64", "64kb", "1.5MB", "-1B", "1TB", "9" * 5000 + "B"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        parse_size(text)


def test_no_time_at_all_has_a_unit_too() -> None:
    assert format_duration(timedelta(0)) == "0ms"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0B"), (1, "1B"), (128_000_000, "128MB"), (65_536, "64KiB"), (1_500, "1500B")]
)
def test_a_size_is_shown_in_the_largest_unit_that_loses_nothing(size: int, text: str) -> None:
    assert format_size(size) == text


@given(st.integers(min_value=0, max_value=10**14))
def test_a_size_that_is_shown_is_read_back(size: int) -> None:
    assert parse_size(format_size(size)) == size
