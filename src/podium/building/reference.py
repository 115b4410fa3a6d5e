"""References: what a node will give, as a Python value that stands for CEL.

`draft.out.title` is the CEL text `draft.out.title`. Where a setting takes an expression it stands there bare; in an
f-string, and where a setting takes a value, it is `${draft.out.title}`.

- `.name`, `["name"]` and `[0]` go into a value. A field that CEL keeps a word for is read with `["in"]`.
- `==`, `!=`, `<`, `<=`, `>`, `>=`, `+`, `-`, `*`, `/` and `%` build CEL, with Python values as literals.
- `&`, `|` and `~` stand for CEL's `&&`, `||` and `!`. Python's `and`, `or`, `not`, `in` and `1 < x < 3` decide at once,
  where there is nothing to decide yet: they raise `TypeError`, and say what to write.
- Anything else is CEL text: `f"size({draft.out}) < 600"` where an expression is taken, `cel("…")` for a reference.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast

from podium.spec.model import split_template
from podium.spec.names import CEL_KEYWORDS

Json = Any

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_FIELD = re.compile(_NAME)
_PLAIN = re.compile(rf'{_NAME}(\.{_NAME}|\[([0-9]+|"[^"\\]*")\])*|[0-9]+(\.[0-9]+)?')


class Ref:
    """A value that is there when the run is; see the rules of the module.

    It has no public names of its own: every attribute is a field of the value.
    """

    __slots__ = ("_podium_cel",)

    def __init__(self, cel: str) -> None:
        self._podium_cel = cel

    def __getattr__(self, name: str) -> Ref:
        if name.startswith("__") or name == "_podium_cel":
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key: str | int | Ref) -> Ref:
        base = bracketed(self)
        if isinstance(key, int) and key < 0:
            raise TypeError("CEL counts from 0 only; write the index as `size(x) - 1` in CEL text")
        if isinstance(key, str) and _FIELD.fullmatch(key) and key not in CEL_KEYWORDS:
            return Ref(f"{base}.{key}")
        return Ref(f"{base}[{literal(key)}]")

    def __format__(self, spec: str) -> str:
        if spec:
            raise TypeError(f"`{self._podium_cel}` has no value yet to format as `{spec}`")
        return f"${{{self._podium_cel}}}"

    def __str__(self) -> str:
        return format(self)

    def __repr__(self) -> str:
        return f"Ref({self._podium_cel!r})"

    __hash__ = None  # type: ignore[assignment] # `==` builds CEL, so it cannot find anything in a set

    def __eq__(self, other: object) -> Ref:  # type: ignore[override] # it builds CEL
        return _binary(self, "==", other)

    def __ne__(self, other: object) -> Ref:  # type: ignore[override] # it builds CEL
        return _binary(self, "!=", other)

    def __lt__(self, other: object) -> Ref:
        return _binary(self, "<", other)

    def __le__(self, other: object) -> Ref:
        return _binary(self, "<=", other)

    def __gt__(self, other: object) -> Ref:
        return _binary(self, ">", other)

    def __ge__(self, other: object) -> Ref:
        return _binary(self, ">=", other)

    def __add__(self, other: object) -> Ref:
        return _binary(self, "+", other)

    def __radd__(self, other: object) -> Ref:
        return _binary(other, "+", self)

    def __sub__(self, other: object) -> Ref:
        return _binary(self, "-", other)

    def __rsub__(self, other: object) -> Ref:
        return _binary(other, "-", self)

    def __mul__(self, other: object) -> Ref:
        return _binary(self, "*", other)

    def __rmul__(self, other: object) -> Ref:
        return _binary(other, "*", self)

    def __truediv__(self, other: object) -> Ref:
        return _binary(self, "/", other)

    def __rtruediv__(self, other: object) -> Ref:
        return _binary(other, "/", self)

    def __mod__(self, other: object) -> Ref:
        return _binary(self, "%", other)

    def __rmod__(self, other: object) -> Ref:
        return _binary(other, "%", self)

    def __and__(self, other: object) -> Ref:
        return _binary(self, "&&", other)

    def __rand__(self, other: object) -> Ref:
        return _binary(other, "&&", self)

    def __or__(self, other: object) -> Ref:
        return _binary(self, "||", other)

    def __ror__(self, other: object) -> Ref:
        return _binary(other, "||", self)

    def __invert__(self) -> Ref:
        return Ref(f"!{bracketed(self)}")

    def __neg__(self) -> Ref:
        return Ref(f"-{bracketed(self)}")

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"`{self._podium_cel}` is decided when the run is; write `&`, `|` and `~` for and, or and not, "
            "two comparisons for a chain of them, and CEL text for `in`"
        )

    def __len__(self) -> NoReturn:
        raise TypeError(f"its length is known when the run is; write CEL text: `size({self._podium_cel})`")

    def __iter__(self) -> NoReturn:
        raise TypeError(f"`{self._podium_cel}` is a list when the run is; go through it with a `map_` node")

    def __contains__(self, item: object) -> NoReturn:
        raise TypeError(f"write CEL text: `{literal(item)} in {self._podium_cel}`")


def cel(text: str) -> Ref:
    """Return CEL text as a reference; `${x}` in it, as an f-string leaves it, is `x`.

    ```python
    long = cel(f"size({draft.out}) > 600")
    ```
    """
    return Ref(unwrapped(text))


def text_of(reference: Ref) -> str:
    """Return the CEL of a reference."""
    # it has no public names of its own, since each would hide a field of the value
    return reference._podium_cel  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def bracketed(reference: Ref) -> str:
    """Return the CEL of a reference so that it can stand beside an operator."""
    text = text_of(reference)
    return text if _PLAIN.fullmatch(text) else f"({text})"


def unwrapped(text: str) -> str:
    """Return the text of an expression in which `${x}`, as an f-string leaves it, is `x`."""
    if "${" not in text:
        return text
    pieces = split_template(text)
    if len(pieces) == 1:
        return pieces[0].text
    return "".join(bracketed(Ref(piece.text)) if piece.expression else piece.text for piece in pieces)


def literal(value: object) -> str:
    """Return a Python value as CEL.

    Raises:
        TypeError: when CEL has no literal for it.
    """
    match value:
        case Ref():
            return bracketed(value)
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case float() if math.isfinite(value):
            return repr(value)
        case Mapping():
            members = cast("Mapping[object, object]", value).items()
            return "{" + ", ".join(f"{literal(key)}: {literal(inner)}" for key, inner in members) + "}"
        case Sequence() if not isinstance(value, bytes | bytearray):
            return "[" + ", ".join(literal(inner) for inner in cast("Sequence[object]", value)) + "]"
        case _:
            raise TypeError(f"CEL has no literal for a {type(value).__name__}; write it as text")


def _binary(left: object, operator: str, right: object) -> Ref:
    return Ref(f"{literal(left)} {operator} {literal(right)}")
