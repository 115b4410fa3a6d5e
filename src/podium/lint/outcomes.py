"""How the nodes of a scope may end: tried out, by the rules that the engine itself goes by (`podium.graph.joins`).

What a node may do is read off its config: a `when` that does not hold, each port that it starts nodes by, each port
that somebody handles, and being withdrawn by a node that `cancels` it. A *way* is one choice for each node. Ways are
tried in the order of how much they differ from the plain one, at most `MAX_WAYS` for a question and `MAX_STEPS` in all;
so what is found can happen as far as the graph knows, and what is not found may be out of reach. Failures that nobody
handles end the scope, so they need no way of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations, islice, product
from typing import Any, NamedTuple

from podium.graph.joins import OUT, EdgeState, Tally, ended, let_through, ready, skipped
from podium.graph.model import CONTINUE, Edge, Graph, GraphNode
from podium.spec.model import port_of

MAX_WAYS = 256
"""Ways that are tried for one question."""

MAX_STEPS = 200_000
"""Nodes that are tried out for one scope."""

_FAILED = ("error", "limit", "denied")
"""Ports by which a node leaves that failed, and so has no result."""

_MAX_CASES = 4
"""Cases of a switch that takes all that hold, up to which every combination is tried."""


class Fate(NamedTuple):
    """What a node does once it may start: leave by ports of which the first counts, or, without any, be skipped.

    Attributes:
        withdrawn: It is skipped because another node withdraws it.
    """

    ports: tuple[str, ...]
    withdrawn: bool = False


Way = Mapping[int, Fate]
_SKIPPED, _WITHDRAWN = Fate(()), Fate((), withdrawn=True)
_ALWAYS, _NEVER = "true", "false"


class Tried(NamedTuple):
    """What was found: for each way the nodes that ran and gave a result; `whole` when there are no other ways."""

    runs: tuple[frozenset[int], ...]
    whole: bool


class Outcomes:
    """The ways of one scope."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._steps = MAX_STEPS
        self._found: dict[frozenset[int], Tried] = {}

    @cached_property
    def before(self) -> Sequence[frozenset[int]]:
        """For each node the nodes that stand before it, directly or through others."""
        found: list[frozenset[int]] = []
        for node in self._graph.nodes:
            direct = {edge.source for edge in node.incoming}
            found.append(frozenset(direct).union(*(found[source] for source in direct)))
        return found

    @cached_property
    def settled(self) -> Sequence[frozenset[int]]:
        """For each node those before it that have certainly ended when it starts."""
        withdrawn = {other for node in self._graph.nodes for other in node.cancels}
        found: list[frozenset[int]] = []
        for node in self._graph.nodes:
            rule = node.join
            waits = rule is None or (not rule.need and rule.deadline is None)
            direct = {edge.source for edge in node.incoming if waits or edge.kind != "data"}
            found.append(frozenset(direct).union(*(found[source] for source in direct - withdrawn)))
        return found

    def tried(self, nodes: Iterable[int]) -> Tried:
        """Return the ways for the nodes that stand before these, and which nodes ran in each."""
        wanted = frozenset(nodes)
        part = self._with_those_before(wanted)
        if part not in self._found:
            self._found[part] = self._try(part)
        return self._found[part]

    def _with_those_before(self, wanted: frozenset[int]) -> frozenset[int]:
        """Return the nodes on which it depends what becomes of these: those before them, and who withdraws them."""
        part = frozenset[int]()
        while wanted - part:
            part = part.union(wanted, *(self.before[index] for index in wanted))
            wanted = frozenset(other for index in part for other in self._withdrawing[index])
        return part

    def never(self, index: int) -> bool:
        """Whether a node cannot start, whatever happens."""
        tried = self.tried([index])
        return tried.whole and not any(index in ran for ran in tried.runs)

    def without(self, index: int, other: int) -> bool:
        """Whether a node can run although one before it gave no result."""
        return any(index in ran and other not in ran for ran in self.tried([index]).runs)

    def together(self, index: int, other: int) -> bool:
        """Whether two nodes may be at work at the same time."""
        if index in self.before[other] or other in self.before[index]:
            return False
        return any({index, other} <= ran for ran in self.tried([index, other]).runs)

    @cached_property
    def _withdrawing(self) -> Sequence[frozenset[int]]:
        """For each node those that withdraw it once they are done."""
        nodes = self._graph.nodes
        return [frozenset(other.index for other in nodes if node.index in other.cancels) for node in nodes]

    @cached_property
    def _choices(self) -> Sequence[tuple[Fate, ...]]:
        return [tuple(_fates(node, withdrawn=bool(self._withdrawing[node.index]))) for node in self._graph.nodes]

    def _try(self, part: frozenset[int]) -> Tried:
        open_ = [index for index in sorted(part) if len(self._choices[index]) > 1]
        plain = {index: self._choices[index][0] for index in part}
        ways = list(islice(self._ways(open_, plain), MAX_WAYS + 1))
        runs: list[frozenset[int]] = []
        for way in ways[:MAX_WAYS]:
            self._steps -= len(part)
            if self._steps < 0:
                return Tried(tuple(runs), whole=False)
            ran = _run(self._graph, part, way)
            if all(self._withdrawing[index] & ran for index in part if way[index].withdrawn):
                runs.append(ran)
        return Tried(tuple(runs), whole=len(ways) <= MAX_WAYS)

    def _ways(self, open_: Sequence[int], plain: Way) -> Iterator[Way]:
        for size in range(len(open_) + 1):
            for chosen in combinations(open_, size):
                for others in product(*(self._choices[index][1:] for index in chosen)):
                    yield {**plain, **dict(zip(chosen, others, strict=True))}


def _fates(node: GraphNode, *, withdrawn: bool) -> Iterator[Fate]:
    """Yield what a node may do, the plain way first."""
    never = node.when is not None and node.config.when == _NEVER
    always = node.when is None or node.config.when == _ALWAYS
    if not never:
        yield from (Fate(ports) for ports in _chosen(node))
        yield from (Fate((port,)) for port in _handled(node))
    if not always:
        yield _SKIPPED
    elif withdrawn:
        yield _WITHDRAWN


def _handled(node: GraphNode) -> Iterator[str]:
    """Yield the ports that another node handles; what a check does not let through is blocked in any case."""
    for port, handler in node.handlers.items():
        if isinstance(handler, int) or (node.target >= 0 and handler == CONTINUE):
            yield port


def _chosen(node: GraphNode) -> Iterator[tuple[str, ...]]:
    """Yield the ports that a node may leave by when all goes well: those by which it starts nodes, or `out`."""
    cases = dict(_cases(node))
    other = ("else",) if "else" in node.config.starts() else (OUT,)
    held = tuple(port for port, condition in cases.items() if condition == _ALWAYS)
    if getattr(node.config, "matches", "first") == "all":
        open_ = [port for port in cases if port not in held]
        sizes = range(len(open_) + 1) if len(open_) <= _MAX_CASES else (0, 1, len(open_))
        yield from (
            tuple(port for port in cases if port in {*held, *more})
            for size in sizes
            for more in combinations(open_, size)
            if held or more
        )
    else:
        last = list(cases).index(held[0]) + 1 if held else len(cases)
        yield from ((port,) for port in list(cases)[:last])
    if not held:
        yield other


def _cases(node: GraphNode) -> Iterator[tuple[str, str]]:
    """Yield the ports of its cases with their conditions, but for those that never hold."""
    written: Sequence[Any] = getattr(node.config, "switch", ())  # known by its key alone
    for number, port in enumerate(port for port in node.config.starts() if port != "else"):
        condition = str(written[number].when).strip() if number < len(written) else ""
        if condition != _NEVER:
            yield port, condition


def _run(graph: Graph, part: frozenset[int], way: Way) -> frozenset[int]:
    """Return the nodes of `part` that run on one way."""
    tallies = {index: Tally.of(graph.nodes[index]) for index in part}
    fates: dict[int, Fate | None] = {}
    open_ = sorted(part)
    while open_:
        left: list[int] = []
        for index in open_:
            node = graph.nodes[index]
            verdict = ready(node, tallies[index])
            if verdict == "wait":
                left.append(index)
                continue
            fates[index] = way[index] if verdict == "start" else None
            ends = _ends(node, fates[index], blocked=verdict == "skip_blocked")
            for edge, state in _passed(graph, ends, way):
                if edge.target in part:
                    tallies[edge.target].add(edge, state, join=graph.nodes[edge.target].join is not None)
        if len(left) == len(open_):  # held by a validator that is not before the nodes in question
            break
        open_ = left
    return frozenset(index for index, fate in fates.items() if fate is not None and _gave(fate))


def _gave(fate: Fate) -> bool:
    """Whether a node that ended so has a result."""
    return bool(fate.ports) and port_of(fate.ports[0]) not in _FAILED


def _ends(node: GraphNode, fate: Fate | None, *, blocked: bool) -> list[tuple[Edge, EdgeState]]:
    if fate is None or not fate.ports:
        return list(skipped(node, blocked=blocked))
    return list(ended(node, fate.ports[0], fate.ports[1:]))


def _passed(graph: Graph, ends: Iterable[tuple[Edge, EdgeState]], way: Way) -> Iterator[tuple[Edge, EdgeState]]:
    """Yield the edges of a node; one that a validator holds ends as the validator will let it."""
    for edge, state in ends:
        fate = way.get(edge.held_by, _SKIPPED)
        passed = not fate.ports or let_through(graph.nodes[edge.held_by], fate.ports[0], edge)
        yield edge, state if passed else "blocked"
