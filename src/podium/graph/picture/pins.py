"""Where lines leave and enter: the columns of every net at every row.

INVARIANT: between two rows no line goes down in the column of another net's line that comes from above, so vertical
lines never run into each other and the order of the tracks between them is free.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from podium.graph.picture.layers import Hop, Layered, is_thread
from podium.graph.picture.metrics import Metrics


class Crowded(Exception):
    """No column is free for a line; wider boxes have some."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a key of a row stands from left to right."""

    left: int
    width: int

    @property
    def middle(self) -> int:
        """Return the column in the middle."""
        return self.left + self.width // 2


@dataclass(frozen=True, slots=True)
class Pins:
    """Columns: `exits` by net, `entries` by net and the key that is entered (a figure or a thread)."""

    exits: dict[int, int] = field(default_factory=dict[int, int])
    entries: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])

    def top(self, hop: Hop) -> int:
        """Return the column in which a hop begins."""
        return self.entries[hop.net, hop.top] if is_thread(hop.top) else self.exits[hop.net]


def slot(layers: Layered, net: int, metrics: Metrics) -> int:
    """Return the room that a net needs at the lower edge of its source: a pin, and its port beside it."""
    port = layers.nets[net].port
    return metrics.pin + (metrics.text(port, "port") + metrics.pin if port else 0)


def least_width(layers: Layered, key: str, metrics: Metrics, slack: int) -> int:
    """Return how wide a figure must be for its lines; `slack` gives each entering line more columns to choose from."""
    exits = sum(slot(layers, number, metrics) for number, net in enumerate(layers.nets) if net.source == key)
    entries = sum(1 for net in layers.nets if key in net.targets)
    return max(exits, metrics.pin * entries * (1 + slack)) + metrics.pin


def pinned(layers: Layered, spans: Mapping[str, Span], metrics: Metrics) -> Pins:
    """Return the columns.

    Raises:
        Crowded: when a figure is too narrow for its lines.
    """
    pins = Pins()
    for row, hops in zip(layers.rows, [*layers.hops, ()], strict=True):
        for key in row:
            mine = [hop for hop in hops if hop.top == key and not is_thread(key)]
            pins.exits.update(_exits(layers, mine, spans, metrics))
        _enter(hops, spans, pins, metrics)
    return pins


def _exits(layers: Layered, hops: list[Hop], spans: Mapping[str, Span], metrics: Metrics) -> Iterator[tuple[int, int]]:
    """Yield the exits of a figure, `(net, column)`: around its middle, in the order of where they lead."""
    hops.sort(key=lambda hop: sum(spans[end].middle for end in hop.bottoms) / len(hop.bottoms))
    slots = [slot(layers, hop.net, metrics) for hop in hops]
    if slots == [metrics.pin]:
        yield hops[0].net, _straight(spans[hops[0].top], [spans[end] for end in hops[0].bottoms], metrics)
        return
    for number, hop in enumerate(hops):
        span = spans[hop.top]
        yield hop.net, span.left + (span.width - sum(slots) + metrics.pin) // 2 + sum(slots[:number])


def _straight(span: Span, targets: Sequence[Span], metrics: Metrics) -> int:
    """Return the column from which a lone line goes straight down, if that is below the figure; else its middle."""
    column, margin = targets[0].middle, metrics.pin
    lone = len(targets) == 1 and span.left + margin <= column < span.left + span.width - margin
    return column if lone else span.middle


def _enter(hops: Sequence[Hop], spans: Mapping[str, Span], pins: Pins, metrics: Metrics) -> None:
    tops = {hop.net: pins.top(hop) for hop in hops}
    arriving: dict[str, list[int]] = defaultdict(list)
    for hop in hops:
        for end in hop.bottoms:
            arriving[end].append(hop.net)
    for key, nets in arriving.items():
        nets.sort(key=lambda net: (tops[net], net))
        span, margin = spans[key], 0 if is_thread(key) else metrics.pin // 2
        low, high = span.left + margin, span.left + span.width - 1 - margin
        # those that come from far right get more than the least distance, so that each can still step aside
        room = min(metrics.pin + 2 * metrics.near, max(metrics.pin, (high - low) // max(1, len(nets) - 1)))
        for number, net in enumerate(nets):
            last = max(low, high - room * (len(nets) - 1 - number))
            taken = [top for other, top in tops.items() if other != net]
            column = next((one for one in _nearest(tops[net], low, last) if _is_free(one, taken, metrics)), None)
            if column is None or column > high:
                raise Crowded
            pins.entries[net, key] = column
            low = column + metrics.pin


def _is_free(column: int, taken: Sequence[int], metrics: Metrics) -> bool:
    return all(abs(column - other) >= metrics.near for other in taken)


def _nearest(wanted: int, low: int, high: int) -> Iterator[int]:
    """Yield the columns from `low` to `high`, the nearest to `wanted` first."""
    yield from sorted(range(low, high + 1), key=lambda column: abs(column - wanted))
