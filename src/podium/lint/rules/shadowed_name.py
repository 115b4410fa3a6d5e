"""LI022."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.graph.problem import Problem
from podium.graph.syntax import Call, Each, Expr, ListOf, MapOf, Select, parse
from podium.ids import NodeId
from podium.lint.rule import Remark
from podium.lint.subject import Scope, Subject, formulas_of
from podium.spec.diagnostic import Severity
from podium.spec.model import expressions


class ShadowedName:
    """A name in an expression's own loop that means something else around it.

    Why is this bad? Inside the loop the name is the item; a reader, and the next person to change the line, takes it
    for the node or the input. Nodes and items of a `map` that would hide something are refused (GR004).

    Wrong:

    ```yaml
    podium: 1
    name: titles
    inputs:
      books: {type: [{title: text}], default: []}
    nodes:
      book: {llm: Name a good book.}
      all: {transform: "${inputs.books.map(book, book.title)} ${book.out}"}
    ```

    Right:

    ```yaml
    podium: 1
    name: titles
    inputs:
      books: {type: [{title: text}], default: []}
    nodes:
      book: {llm: Name a good book.}
      all: {transform: "${inputs.books.map(one, one.title)} ${book.out}"}
    ```
    """

    code: ClassVar[str] = "LI022"
    name: ClassVar[str] = "shadowed-name"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at the loops of all expressions of nodes."""
        for spot in subject.spots:
            for loc, found in expressions(spot.node.config):
                variables = {name for text in formulas_of(found) for name in _variables_in(text)}
                for name in sorted(variables):
                    if meaning := _meaning(spot.scope, name):
                        message = f"`{name}` is {meaning}; in this loop it is the item"
                        yield Remark(message, (*spot.loc, *loc), "call the item something else")


def _variables_in(text: str) -> Iterator[str]:
    tree = parse(text)
    if not isinstance(tree, Problem):
        yield from _variables(tree)


def _variables(expr: Expr) -> Iterator[str]:
    match expr:
        case Each(items=items, variable=variable, condition=condition, body=body):
            yield variable
            parts: tuple[Expr | None, ...] = (items, condition, body)
        case Select(operand=operand):
            parts = (operand,)
        case Call(args=args):
            parts = args
        case ListOf(items=items):
            parts = items
        case MapOf(entries=entries):
            parts = tuple(part for entry in entries for part in entry)
        case _:
            parts = ()
    for part in parts:
        if part is not None:
            yield from _variables(part)


def _meaning(scope: Scope, name: str) -> str:
    """Return what a name is outside of the expression, "" for nothing."""
    if name in ("inputs", "run", "callback"):
        return "a word of the language"
    around: Scope | None = scope
    while around is not None:
        if NodeId(name) in around.graph.by_id:
            return "a node"
        if around.graph.variable == name:
            return "what the nodes around it run for"
        around = around.around()
    return ""
