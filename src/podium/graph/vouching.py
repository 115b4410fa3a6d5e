"""Which nodes come after a person has agreed to something, and to what exactly.

A person who says yes agrees to what was shown, and to each part of it. Where that is plainly the result of a node, or
a field of it (`show: draft.out`, `show: "{'to': draft.out.to, 'text': letter.out}"`), whoever reads it afterwards reads
something that a person vouches for. Anything else that is shown vouches for nothing but the node's own result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from podium.graph.model import Graph, Use
from podium.graph.problem import Problem
from podium.graph.syntax import Call, Const, Expr, Ident, ListOf, MapOf, Select, parse
from podium.spec.model import Expression


class Vouching(NamedTuple):
    """A node at which a person is asked, by index, and what they are shown."""

    person: int
    shown: tuple[Use, ...]


class _Kept:
    """Graphs are compared by identity here: they never change, and a run asks for each of its own again and again."""

    __slots__ = ("graph",)

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __hash__(self) -> int:
        return id(self.graph)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.graph is self.graph


def vouchers(graph: Graph) -> Mapping[int, tuple[Vouching, ...]]:
    """Return who is asked before a node of this scope begins, by the node's index; nodes without are left out."""
    return _vouchers(_Kept(graph))


@lru_cache(maxsize=1024)
def _vouchers(kept: _Kept) -> Mapping[int, tuple[Vouching, ...]]:
    nodes = kept.graph.nodes
    asked = {node.index: Vouching(node.index, shown(text)) for node in nodes if (text := node.config.vouches())}
    if not asked:
        return {}
    before: dict[int, frozenset[int]] = {}
    for node in nodes:
        sources = {edge.source for edge in node.incoming if edge.port == "out" and node.join is None}
        before[node.index] = frozenset(sources).union(*(before[source] for source in sources))
    found = {index: tuple(asked[one] for one in sorted(reached) if one in asked) for index, reached in before.items()}
    return {index: vouching for index, vouching in found.items() if vouching}


def covers(shown: tuple[Use, ...], use: Use) -> bool:
    """Whether what was shown contains what is read."""
    return any(one.name == use.name and one.port == use.port and one.path == use.path[: len(one.path)] for one in shown)


def shown(expression: Expression) -> tuple[Use, ...]:
    """Return the results, and fields of results, that an expression shows as they are."""
    tree = parse(expression)
    return () if isinstance(tree, Problem) else tuple(_plain(tree))


def _plain(tree: Expr) -> Iterator[Use]:
    match tree:
        case ListOf(items=items):
            for item in items:
                yield from _plain(item)
        case MapOf(entries=entries):
            for _, value in entries:
                yield from _plain(value)
        case _:
            keys = _keys(tree)
            if keys is not None and len(keys) > 1:
                yield Use(keys[0], keys[1], keys[2:])


def _keys(tree: Expr) -> tuple[str, ...] | None:
    """Return the name and the fields of a plain selection, None for anything else."""
    match tree:
        case Ident(name=name):
            return (name,)
        case (
            Select(operand=operand, field=field, test=False)
            | Call(function="_[_]", args=(operand, Const(value=str() as field)))
        ):
            below = _keys(operand)
            return None if below is None else (*below, field)
        case _:
            return None
