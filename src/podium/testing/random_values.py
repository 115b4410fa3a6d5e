"""Random expressions of a wanted type, over what stands in scope.

A type is `"text"`, `"integer"`, `"boolean"`, `"any"`, `("list", type)` or `("object", ((field, type), …))`. What is
`any` may be null, so it is only rendered or handed on whole, as a careful author would do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

Kind = Any
"""A type; a nested tuple, which has no useful type of its own."""

LITERALS: Mapping[str, tuple[str, ...]] = {
    "text": ("'x'", "'a b'", "''"),
    "integer": ("0", "2", "7"),
    "boolean": ("true", "(1 < 2)", "false"),
    "any": ("null", "'any'"),
}


@dataclass(slots=True)
class Visible:
    """What can be read at one place.

    Attributes:
        values: `{expression: type}`, such as `{"n1.out": "text"}`.
        certain: Those of them that are there in every run; the others need `has()`.
    """

    values: dict[str, Kind] = field(default_factory=dict[str, Kind])
    certain: set[str] = field(default_factory=set[str])

    def copy(self) -> Visible:
        """Return one that can grow on its own."""
        return Visible(dict(self.values), set(self.certain))

    def add(self, name: str, kind: Kind, *, certain: bool = True) -> None:
        """Make a value visible, and the fields of an object with it."""
        self.values[name] = kind
        if certain:
            self.certain.add(name)
        match kind:
            case ("object", fields):
                for key, inner in cast("tuple[tuple[str, Kind], ...]", fields):
                    self.add(f"{name}.{key}", inner, certain=certain)
            case _:
                pass


class Values:
    """Draws expressions; `seen` is what can be read."""

    def __init__(self, random: Random, seen: Visible) -> None:
        self._random, self._seen = random, seen

    def expression(self, kind: Kind, depth: int = 2) -> str:
        """Return an expression that gives a value of this type, and never fails but for what was skipped."""
        names = [name for name, other in self._seen.values.items() if other == kind]
        if names and self._random.random() < 0.6:
            return self.read(self._random.choice(names), kind)
        made = self._made(kind, depth) if depth and self._random.random() < 0.7 else ""
        return made or self._literal(kind)

    def read(self, name: str, kind: Kind) -> str:
        """Return a reference; what may have been skipped is mostly, but not always, asked for first."""
        if name in self._seen.certain or self._random.random() < 0.2:
            return name
        return f"(has({name}) ? {name} : {self._literal(kind)})"

    def text(self) -> str:
        """Return a text with `${…}` in it."""
        parts = ["${" + self._rendered() + "}" for _ in range(self._random.randint(0, 2))]
        return " ".join([self._random.choice(["Say", "Make", "On"]), *parts])

    def _rendered(self) -> str:
        names = list(self._seen.values)
        if not names or self._random.random() < 0.3:
            return self.expression(self._random.choice(["text", "integer", "boolean"]))
        name = self._random.choice(names)
        return self.read(name, self._seen.values[name])

    def _literal(self, kind: Kind) -> str:
        if isinstance(kind, str):
            return self._random.choice(LITERALS[kind])
        if kind[0] == "list":
            return "[" + ", ".join(self._literal(kind[1]) for _ in range(self._random.randint(1, 3))) + "]"
        return "{" + ", ".join(f"'{key}': {self._literal(inner)}" for key, inner in kind[1]) + "}"

    def _made(self, kind: Kind, depth: int) -> str:
        def one(inner: Kind) -> str:
            return self.expression(inner, depth - 1)

        choose = self._random.choice
        match kind:
            case "text":
                return choose([f"({one('text')} + 'y')", f"string({one('integer')})"])
            case "integer":
                sized = choose(["text", ("list", "text"), ("list", "integer")])
                return choose([f"({one('integer')} + 1)", f"size({one(sized)})"])
            case "boolean":
                return choose(
                    [
                        f"({one('integer')} > {one('integer')})",
                        f"{one('text')}.contains('x')",
                        f"!{one('boolean')}",
                        f"({one('boolean')} && {one('boolean')})",
                        f"{one(('list', 'integer'))}.exists(each, each > 1)",
                    ]
                )
            case ("list", inner) if inner in ("text", "integer"):
                return f"{one(kind)}.filter(each, {'each > 0' if inner == 'integer' else 'size(each) < 9'})"
            case _:
                return ""
