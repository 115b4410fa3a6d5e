from __future__ import annotations

import pytest

from podium.cli.words import ago, count, sized, status_label, took, when


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0ms"),
        (999, "999ms"),
        (1000, "1.0s"),
        (59_900, "59.9s"),
        (60_000, "1m00s"),
        (250_000, "4m10s"),
        (3_600_000, "1h00m"),
        (7_500_000, "2h05m"),
        (273_600_000, "3d4h"),
    ],
)
def test_a_duration_has_the_two_figures_that_matter(ms: int, text: str) -> None:
    assert took(ms) == text


def test_a_time_is_utc_to_the_millisecond_and_zero_is_no_time() -> None:
    assert (when(1_790_000_000_123), when(0)) == ("2026-09-21T14:13:20.123Z", "")


def test_a_time_in_the_future_is_not_negative() -> None:
    assert (ago(5000, 8000), ago(9000, 8000)) == ("3.0s ago", "0ms ago")


@pytest.mark.parametrize(
    ("status", "label"),
    [
        ("running", "running"),
        ("approval", "waiting(approval)"),
        ("doubt", "waiting(doubt)"),
        ("done_with_errors", "done_with_errors"),
        ("limit", "limit"),
    ],
)
def test_a_status_says_what_a_run_waits_for(status: str, label: str) -> None:
    assert status_label(status) == label


def test_counts_are_grouped_and_zero_is_nothing() -> None:
    assert [count(number) for number in (0, 7, 12_345)] == ["", "7", "12 345"]


def test_sizes_have_their_unit() -> None:
    assert [sized(size) for size in (0, 999, 1500, 93_000_000, 1_117_320_736)] == [
        "0 B",
        "999 B",
        "1.5 KB",
        "93.0 MB",
        "1.1 GB",
    ]
