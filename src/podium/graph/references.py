"""Which names an expression reads, and what of them: found in the syntax tree alone, before anything has a type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from podium.graph.places import field_span
from podium.graph.syntax import Call, Const, Each, Expr, Ident, ListOf, MapOf, Select


class Reference(NamedTuple):
    """One occurrence of a name.

    Attributes:
        name: A node, `inputs`, the item variable of a map; variables of the expression's own loops are none.
        port: The field that is selected of it, such as `out` or `error`; "" when the name stands alone.
        guarded: It stands inside `has(…)`.
        offset, length: Where name and port are written.
        path: The fields that are selected below the port: `("customer", "name")` of `order.out.customer.name`; it
            ends where something else is done with the value.
    """

    name: str
    port: str
    guarded: bool
    offset: int
    length: int
    path: tuple[str, ...] = ()


def references(text: str, tree: Expr) -> tuple[Reference, ...]:
    """Return what an expression reads, in the order of the tree."""
    return tuple(_found(text, tree, frozenset(), guarded=False))


def _found(
    text: str, expr: Expr, bound: frozenset[str], *, guarded: bool, path: tuple[str, ...] = ()
) -> Iterator[Reference]:
    match expr:
        case Ident(name=name, offset=offset) if name not in bound:
            yield Reference(name, "", guarded, offset, len(name))
        case Select(operand=Ident(name=name, offset=offset), field=field, test=test) if name not in bound:
            end = field_span(text, expr).end
            yield Reference(name, field, guarded or test, offset, max(len(name), end - offset), path)
        case Call(function="_[_]", args=(Ident(name=name, offset=offset), Const(value=str() as key))) if (
            name not in bound
        ):
            yield Reference(name, key, guarded, offset, len(name), path)
        case Select(operand=operand, field=field, test=test):
            yield from _found(text, operand, bound, guarded=guarded or test, path=(field, *path))
        case Call(function="_[_]", args=(operand, Const(value=str() as key))):
            yield from _found(text, operand, bound, guarded=guarded, path=(key, *path))
        case Each(items=items, variable=variable, condition=condition, body=body):
            yield from _found(text, items, bound, guarded=guarded)
            for part in (condition, body):
                if part is not None:
                    yield from _found(text, part, bound | {variable}, guarded=guarded)
        case _:
            for part in _parts(expr):
                yield from _found(text, part, bound, guarded=guarded)


def _parts(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Call(args=args):
            return args
        case ListOf(items=items):
            return items
        case MapOf(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case _:
            return ()
