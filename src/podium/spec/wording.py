"""What is wrong with a value, in words: *expected …, got …*, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

from podium.spec.suggest import did_you_mean

Json = Any

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number from {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number up to {le}",
    "too_short": "at least {min_length} here",
    "too_long": "at most {max_length} here",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
}
_CODES = {
    "expression": "SP012",
    "text": "SP012",
    "template": "SP020",
    "type": "SP019",
    "node_form": "SP012",
    "tool_source": "SP021",
    "tool_settings": "SP021",
}
_MOST_SHOWN = 60


class Words(NamedTuple):
    """A code, a sentence, the next step."""

    code: str
    message: str
    help: str = ""


def name_words(name: str, pattern: str) -> Words:
    """Return what is wrong with a text that does not match `pattern`, and the nearest name that does."""
    dash = "-" if "-]" in pattern else "_"
    if not pattern.startswith("^[a-z][a-z0-9"):
        return Words("SP013", f"expected text of the form `{pattern}`, got `{short(name)}`")
    proposal = re.sub(r"[^a-z0-9]+", dash, name.lower()).strip(dash).lstrip("0123456789" + dash)[:64]
    help_ = f"did you mean `{proposal}`?" if re.fullmatch(pattern, proposal) else ""
    message = f"expected a name of small letters, digits and `{dash}`, beginning with a letter, got `{short(name)}`"
    return Words("SP015", message, help_)


def value_words(group: Sequence[ErrorDetails]) -> Words:
    """Return what is wrong with a value, given what each branch of its type says of it."""
    first = group[0]
    kind, context, value = first["type"], first.get("ctx", {}), first["input"]
    if any(error["type"] == "literal_error" for error in group):
        return _choice_words(group)
    if kinds := [_KINDS[error["type"]] for error in group if error["type"] in _KINDS]:
        got = typed(value)
        help_ = f"write `[{value}]`" if "a list" in kinds and isinstance(value, str) and value.isidentifier() else ""
        return Words("SP012", f"expected {' or '.join(dict.fromkeys(kinds))}, got {got}", help_)
    if kind in _BOUNDS:
        bound = re.sub(r"\.0\b", "", _BOUNDS[kind].format(**context))
        return Words("SP013", f"expected {bound}, got {described(value)}")
    return Words(_CODES.get(kind, "SP013"), first["msg"][:1].lower() + first["msg"][1:], context.get("help", ""))


def _choice_words(group: Sequence[ErrorDetails]) -> Words:
    found: list[str] = []
    for error in group:
        expected = str(error.get("ctx", {}).get("expected", ""))
        found += re.findall(r"'([^']*)'", expected) or ([expected] if expected else [])
    others = [_KINDS[error["type"]] for error in group if error["type"] in _KINDS]
    value = group[0]["input"]
    shown = [f"`{choice}`" for choice in dict.fromkeys(found)] + list(dict.fromkeys(others))
    help_ = did_you_mean(value, found) if isinstance(value, str) else ""
    return Words("SP013", f"expected {_either(shown)}, got {described(value)}", help_)


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def typed(value: Json) -> str:
    """Return a value with its kind, for a person who cannot see why it is none."""
    if isinstance(value, str) and value.strip():
        return f"the text {described(value)}"
    return f"the number {described(value)}" if type(value) in {int, float} else described(value)


def described(value: Json) -> str:
    """Return a value for a message: itself when short, else what it is."""
    match value:
        case None:
            return "nothing"
        case str() if not value.strip():
            return "empty text"
        case bool():
            return f"`{str(value).lower()}`"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"`{short(value)}`"


def short(value: object) -> str:
    """Return a value as one short line."""
    text = " ".join(str(value).split())
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
