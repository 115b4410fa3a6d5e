"""Which figures stand side by side, and in which order: layers by the longest way, then few crossings.

Links that leave a figure the same way (same kind, same port) are one *net*: one line that splits. Where a net passes a
layer it has a *thread* there, a place of its own between the figures. A link that sends work back is turned round for
this, so that every net leads from a higher layer to lower ones. The same scene always gives the same layers.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from podium.errors import UsageError
from podium.graph.picture.scene import Link, LinkKind, Scene

SWEEPS = 8
MAX_THREADS = 20_000
"""Threads in one scene; a picture with more shows nobody anything."""


@dataclass(frozen=True, slots=True)
class Net:
    """Links that share a source, a kind and a port.

    Attributes:
        back: It sends work back: its head is at the source, which is drawn above.
    """

    source: str
    targets: tuple[str, ...]
    kind: LinkKind
    port: str
    back: bool


class Hop(NamedTuple):
    """What one net does between a layer and the next: from the figure or thread `top` to all of `bottoms`."""

    net: int
    top: str
    bottoms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layered:
    """A scene in layers.

    Attributes:
        rows: Keys from left to right: ids of figures, and threads.
        hops: One list for each pair of rows.
    """

    rows: tuple[tuple[str, ...], ...]
    nets: tuple[Net, ...]
    hops: tuple[tuple[Hop, ...], ...]


def is_thread(key: str) -> bool:
    """Whether a key of a row is a thread, not a figure."""
    return "@" in key


def layered(scene: Scene) -> Layered:
    """Return the layers of a scene.

    Raises:
        UsageError: AP030 when there are too many lines to be drawn.
    """
    nets = _nets(scene)
    layer = _layers(scene, nets)
    hops = _hops(nets, layer)
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for figure in scene.figures:
        rows[layer[figure.id]].append(figure.id)
    for above, found in enumerate(hops):
        for hop in found:
            rows[above + 1] += [key for key in hop.bottoms if is_thread(key)]
    return Layered(tuple(tuple(row) for row in _ordered(rows, hops)), nets, hops)


def _nets(scene: Scene) -> tuple[Net, ...]:
    found: dict[tuple[str, LinkKind, str], list[str]] = defaultdict(list)
    for link in map(_downwards, scene.links):
        found[link.source, link.kind, link.port].append(link.target)
    return tuple(
        Net(source, tuple(targets), kind, port, kind == "revise") for (source, kind, port), targets in found.items()
    )


def _downwards(link: Link) -> Link:
    return Link(link.target, link.source, link.kind, link.port) if link.kind == "revise" else link


def _layers(scene: Scene, nets: Sequence[Net]) -> dict[str, int]:
    """Return each figure's layer: below all it comes from; what nothing leads to stands right above what it feeds."""
    below: dict[str, list[str]] = defaultdict(list)
    above: dict[str, list[str]] = defaultdict(list)
    for net in nets:
        for target in net.targets:
            below[net.source].append(target)
            above[target].append(net.source)
    layer: dict[str, int] = {}
    for figure in scene.figures:
        layer[figure.id] = max((layer[source] + 1 for source in above[figure.id]), default=0)
    for figure in scene.figures:
        if not above[figure.id] and below[figure.id]:
            layer[figure.id] = min(layer[target] for target in below[figure.id]) - 1
    return layer


def _hops(nets: Sequence[Net], layer: Mapping[str, int]) -> tuple[tuple[Hop, ...], ...]:
    channels: list[list[Hop]] = [[] for _ in range(max(layer.values(), default=0))]
    threads = 0
    for number, net in enumerate(nets):
        top, deepest = net.source, max(layer[target] for target in net.targets)
        for row in range(layer[net.source], deepest):
            here = tuple(target for target in net.targets if layer[target] == row + 1)
            thread = (f"{number}@{row + 1}",) if row + 1 < deepest else ()
            channels[row].append(Hop(number, top, (*here, *thread)))
            threads += len(thread)
            top = thread[0] if thread else ""
    if threads > MAX_THREADS:
        message = f"the picture would have {threads} lines that pass a layer, and {MAX_THREADS} at most"
        raise UsageError("AP030", message, help="use `--format mermaid` or `--format dot`")
    return tuple(tuple(channel) for channel in channels)


def _ordered(rows: list[list[str]], hops: Sequence[Sequence[Hop]]) -> list[list[str]]:
    """Return the rows in the order with the fewest crossings that some sweeps found."""
    best, fewest = [list(row) for row in rows], _crossings(rows, hops)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        if sweep % 2 == 0:
            for row in range(1, len(rows)):
                _sort(rows[row], rows[row - 1], ((end, hop.top) for hop in hops[row - 1] for end in hop.bottoms))
        else:
            for row in range(len(rows) - 2, -1, -1):
                _sort(rows[row], rows[row + 1], ((hop.top, end) for hop in hops[row] for end in hop.bottoms))
        crossings = _crossings(rows, hops)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _sort(row: list[str], fixed: Sequence[str], pairs: Iterable[tuple[str, str]]) -> None:
    """Sort a row by the mean place of each key's neighbours in the fixed row; keys without any stay where they are."""
    place = {key: number for number, key in enumerate(fixed)}
    found: dict[str, list[int]] = defaultdict(list)
    for key, neighbour in pairs:
        found[key].append(place[neighbour])
    mean = {key: sum(places) / len(places) for key, places in found.items()}
    known = iter(sorted((key for key in row if key in mean), key=mean.__getitem__))
    row[:] = [next(known) if key in mean else key for key in row]


def _crossings(rows: Sequence[Sequence[str]], hops: Sequence[Sequence[Hop]]) -> int:
    return sum(_crossed(rows[above], rows[above + 1], found) for above, found in enumerate(hops))


def _crossed(upper: Sequence[str], lower: Sequence[str], hops: Sequence[Hop]) -> int:
    top, bottom = ({key: number for number, key in enumerate(row)} for row in (upper, lower))
    pairs = sorted((top[hop.top], bottom[end]) for hop in hops for end in hop.bottoms)
    seen: list[int] = []
    crossings = 0
    for _, end in pairs:
        crossings += len(seen) - bisect_left(seen, end + 1)
        insort(seen, end)
    return crossings
