"""Where the figures and threads of rows stand from left to right: near what they are linked with, and apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from podium.graph.picture.layers import Hop, Layered, is_thread

SWEEPS = 10
THREAD_WEIGHT = 6
"""How much more it matters that a long line is straight than that a figure stands in the middle."""


def placed(layers: Layered, widths: Mapping[str, int], gap: int) -> dict[str, int]:
    """Return the left edge of every key, the leftmost being 0."""
    centre: dict[str, float] = {}
    for row in layers.rows:
        centre |= _row(row, widths, gap, dict.fromkeys(row, 0.0))
    down, up = _neighbours(layers.hops)
    for sweep in range(SWEEPS):
        rows, near = (layers.rows, down) if sweep % 2 == 0 else (layers.rows[::-1], up)
        for row in rows:
            wanted = {
                key: sum(centre[other] for other in near[key]) / len(near[key]) if near[key] else centre[key]
                for key in row
            }
            centre |= _row(row, widths, gap, wanted)
    lefts = {key: round(centre[key] - widths[key] / 2) for key in centre}
    first = min(lefts.values(), default=0)
    return _apart(layers, {key: left - first for key, left in lefts.items()}, widths, gap)


def _neighbours(hops: Sequence[Sequence[Hop]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = defaultdict(list)
    below: dict[str, list[str]] = defaultdict(list)
    for channel in hops:
        for hop in channel:
            for end in hop.bottoms:
                above[end].append(hop.top)
                below[hop.top].append(end)
    return above, below


def _row(row: Sequence[str], widths: Mapping[str, int], gap: int, wanted: Mapping[str, float]) -> dict[str, float]:
    """Return the centres nearest to those that are wanted (least squares) with which nothing overlaps.

    With the least distances taken off, that is the nearest series that never falls: neighbours that would overlap are
    pooled at their mean until none do.
    """
    offsets = list[float]()
    offset = 0.0
    for number, key in enumerate(row):
        if number:
            offset += (widths[row[number - 1]] + widths[key]) / 2 + gap
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # sum of weights times values, sum of weights, members
    for key, start in zip(row, offsets, strict=True):
        weight = THREAD_WEIGHT if is_thread(key) else 1
        pool = (weight * (wanted[key] - start), float(weight), 1)
        while pools and pools[-1][0] / pools[-1][1] > pool[0] / pool[1]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    fitted = [total / weight for total, weight, members in pools for _ in range(members)]
    return {key: value + start for key, value, start in zip(row, fitted, offsets, strict=True)}


def _apart(layers: Layered, lefts: dict[str, int], widths: Mapping[str, int], gap: int) -> dict[str, int]:
    """Take back what rounding has moved together."""
    for row in layers.rows:
        for before, key in pairwise(row):
            lefts[key] = max(lefts[key], lefts[before] + widths[before] + gap)
    return lefts
