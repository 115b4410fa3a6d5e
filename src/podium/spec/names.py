"""What things may be called: `[a-z][a-z0-9_]*`, and no word that an expression would read as something else.

The words were found by asking the CEL implementation for each (`tests/spec/test_names.py` asks again).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

CEL_KEYWORDS = frozenset({"true", "false", "null", "in"})
"""Words that CEL reads as something else wherever they stand, also after a dot."""

OUR_WORDS = frozenset({"inputs", "secrets", "env", "out", "error", "run", "callback"})
"""What expressions may read beside nodes, and the fields of a node."""

RESERVED = CEL_KEYWORDS.union(
    OUR_WORDS,
    # words that CEL keeps for itself
    ("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"),
    ("namespace", "return", "var", "void", "while"),
    # the names of its types and of the macro `map`; `has` would be legal, and read as a question
    ("type", "list", "map", "dyn", "int", "uint", "double", "string", "bool", "bytes", "null_type", "has"),
)
"""Words that no node and no item of a map can be called by."""


def _unreserved(words: frozenset[str]) -> AfterValidator:
    def check(name: str) -> str:
        if name in words:
            kind, message = "reserved", "`{name}` is a word of the expression language"
            raise PydanticCustomError(kind, message, {"name": name})
        return name

    return AfterValidator(check)


_NAME = StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")
Name = Annotated[str, _NAME, _unreserved(CEL_KEYWORDS)]
"""What a person calls an input, a tool, a role."""

NodeName = Annotated[
    str,
    _NAME,
    _unreserved(RESERVED),
    Field(json_schema_extra={"pattern": rf"^(?!({'|'.join(sorted(RESERVED))})$)[a-z][a-z0-9_]{{0,63}}$"}),
]
"""What a node or an item is called: expressions begin with it."""
