"""The boundary to CEL: what is compiled there, how values go in and out, and what its errors mean.

Only operators and functions are CEL's. Names, fields, loops, conditions and literals are walked in Python
(`podium.graph.steps`), because CEL copies every value that it is given and we hold values of 50 MB. What CEL sees is
a text over variables `_0`, `_1`, …, each with a type, so that its checker finds what does not fit.

An error value of CEL is truthy in Python; `run` never returns one.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, NamedTuple, cast

from cel_expr_python import cel

from podium.errors import ExpressionError
from podium.graph.shape import ANY, BOOLEAN, INTEGER, NULL, NUMBER, OBJECT, TEXT, foreign, kind_of
from podium.spec.types import Type

Json = Any

_CODES = {"string": "s", "integer": "i", "number": "d", "boolean": "b", "object": "m", "null": "n", None: "x"}
_DEEPEST_LIST = 4
"""Lists in lists whose types CEL is told; a type may contain itself."""

_SCALARS = {
    "s": cel.Type.STRING,
    "i": cel.Type.INT,
    "d": cel.Type.DOUBLE,
    "b": cel.Type.BOOL,
    "n": cel.Type.NULL,
    "x": cel.Type.DYN,
}
_RESULTS = {
    "STRING": TEXT,
    "INT": INTEGER,
    "DOUBLE": NUMBER,
    "BOOL": BOOLEAN,
    "NULL": NULL,
    "UINT": foreign("unsigned integer"),
    "BYTES": foreign("bytes"),
    "DURATION": foreign("duration"),
    "TIMESTAMP": foreign("timestamp"),
}
FUNCTIONS = (
    *("size", "contains", "startsWith", "endsWith", "matches", "int", "double", "string", "bool", "dyn", "type"),
    *("timestamp", "duration", "bytes", "uint", "has", "all", "exists", "exists_one", "map", "filter"),
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
)
"""All functions and macros there are; none depends on time, chance or the world."""

OPERATORS = {
    **{f"_{sign}_": sign for sign in ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "&&", "||")},
    "@in": "in",
    "-_": "-",
    "!_": "!",
    "_[_]": "[…]",
    "_?_:_": "? :",
}
_WORDS = {
    "string": "text",
    "int": "integer",
    "int64": "integer",
    "double": "number",
    "bool": "boolean",
    "null_type": "null",
    "dyn": "any",
}


class Complaint(NamedTuple):
    """What CEL's checker says, at an offset of the text that it was given."""

    offset: int
    message: str
    help: str = ""
    unknown: str = ""
    too_deep: bool = False


def code_of(type_: Type, depth: int = 0) -> str:
    """Return the short form of the CEL type by which values of this type go in: `s`, `[d]`, `m`, …."""
    kind = kind_of(type_)
    if kind != "array":
        return _CODES.get(kind, "x")
    return f"[{code_of(type_.item() or ANY, depth + 1)}]" if depth < _DEEPEST_LIST else "x"


def _cel_type(code: str) -> cel.Type:
    if code.startswith("["):
        return cel.Type.List(_cel_type(code[1:-1]))
    return cel.Type.Map(cel.Type.STRING, cel.Type.DYN) if code == "m" else _SCALARS[code]


@lru_cache(maxsize=512)
def _environment(signature: tuple[str, ...]) -> cel.Env:
    return cel.NewEnv(variables={f"_{number}": _cel_type(code) for number, code in enumerate(signature)})


@lru_cache(maxsize=4096)
def compile_formula(text: str, signature: tuple[str, ...]) -> cel.Expression | Complaint:
    """Compile a text over `_0`, `_1`, … of the types in `signature`; a complaint is a mistake of the author."""
    try:
        return _environment(signature).compile(text)
    except RuntimeError as error:  # the only way in which the library says no
        return _complaint(str(error))


def result_type(expression: cel.Expression) -> Type:
    """Return the type of what an expression gives."""
    return _named(str(expression.return_type()))


def _named(name: str) -> Type:
    if name.startswith("LIST<"):
        return Type.list_of(_named(name[5:-1]))
    if name.startswith("TYPE"):
        return foreign("type")
    return _RESULTS.get(name, OBJECT if name.startswith("MAP") else ANY)


_LOCATED = re.compile(r"ERROR: <input>:1:(\d+): (.*)")
_OVERLOAD = re.compile(r"found no matching overload for '(.*?)' applied to '(?:\w.*?)?\((.*)\)'")
_UNDECLARED = re.compile(r"undeclared reference to '(.*?)'")


def _complaint(told: str) -> Complaint:
    located = _LOCATED.search(told)
    offset, text = (int(located[1]) - 1, located[2]) if located else (0, told)
    if found := _OVERLOAD.search(text):
        function, arguments = found[1], [_word(argument) for argument in found[2].split(", ")]
        return Complaint(offset, _does_not_work(function, arguments), _mixed(arguments))
    if found := _UNDECLARED.search(text):
        return Complaint(offset, "", unknown=found[1])
    if "recursion" in told:
        return Complaint(0, "the expression is nested too deeply", "split it over several nodes", too_deep=True)
    return Complaint(offset, text.removesuffix(" [INVALID_ARGUMENT]").lower())


def _word(argument: str) -> str:
    outer, _, rest = argument.partition("(")
    return _WORDS.get(outer, "object" if outer == "map" and rest else outer)


def _does_not_work(function: str, arguments: list[str]) -> str:
    name = f"`{OPERATORS[function]}`" if function in OPERATORS else f"`{function}()`"
    if len(arguments) == 1:
        return f"{name} does not work on {arguments[0]}"
    return f"{name} does not work on {', '.join(arguments[:-1])} and {arguments[-1]}"


def _mixed(arguments: list[str]) -> str:
    kinds = set(arguments)
    if kinds == {"integer", "number"}:
        return "turn the integer into a number with `double(…)`"
    if "text" in kinds and kinds & {"integer", "number", "boolean"}:
        return "turn the other into text with `string(…)`, or the text into a number with `int(…)` or `double(…)`"
    return "compare with `null` only what may be null" if "null" in kinds else ""


_CODE = re.compile(r"^(?:[A-Z_]+): ")
_RANGE = re.compile(r"Integer value '-?\d+' out of range.*", re.DOTALL)
_RUN_OVERLOAD = re.compile(r"No matching overloads found : (\S+?)\((.*)\)")


def run(expression: cel.Expression, values: dict[str, Json]) -> Json:
    """Evaluate; the result is JSON.

    Raises:
        ExpressionError: for an error value and for a result that is no JSON.
    """
    try:
        value = expression.eval(data=values)
    except RuntimeError as error:  # the evaluator's own bounds
        raise ExpressionError(_explained(str(error))) from None
    if value.type() == cel.Type.ERROR:
        told = str(value.value())
        raise ExpressionError(_explained(told), help=_next_step(told))
    return _json(value.plain_value())


def _explained(told: str) -> str:
    text = _RANGE.sub("an integer in the values is out of range", _CODE.sub("", told))[:300]
    if found := _RUN_OVERLOAD.search(text):
        return _does_not_work(found[1], [_word(argument) for argument in found[2].split(", ")])
    return re.sub(r"\s*\[[A-Z_]+\]$", "", text[:1].lower() + text[1:])


def _next_step(told: str) -> str:
    if found := _RUN_OVERLOAD.search(told):
        return _mixed([_word(argument) for argument in found[2].split(", ")])
    if "divide by zero" in told or "modulus by zero" in told:
        return "test the divisor first: `b != 0 ? a / b : 0`"
    return "integers reach from -9223372036854775808 to 9223372036854775807" if "range" in told.lower() else ""


def _json(value: object) -> Json:
    match value:
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case float():
            raise ExpressionError(f"the result is {value}, which is no JSON number", help="test the operands first")
        case list():
            return [_json(item) for item in cast("list[object]", value)]
        case dict() if all(isinstance(key, str) for key in cast("dict[object, object]", value)):
            return {key: _json(inner) for key, inner in cast("dict[str, object]", value).items()}
        case _:
            shown = type(value).__name__
            raise ExpressionError(f"the result is a {shown}, which is no JSON", help="turn it into text: `string(…)`")
