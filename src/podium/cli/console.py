"""Where output goes: what was asked for to stdout, everything that is said about it to stderr.

Both are plain text when they are no terminal or `NO_COLOR` is set. `emit` gives one value in the format that the
person chose; `emit_line` gives one JSON object a line, for streams.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Json = Any


class Format(StrEnum):
    """How a command prints what was asked for."""

    table = "table"
    json = "json"
    yaml = "yaml"


def out() -> Console:
    """Return the console of stdout; lines are never wrapped into a file."""
    return _console(stderr=False)


def err() -> Console:
    """Return the console of stderr."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 200
    return Console(stderr=stderr, highlight=False, soft_wrap=not stream.isatty(), width=width, emoji=False)


def say(text: str) -> None:
    """Print a message for the person, as it stands, to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def put(text: str) -> None:
    """Print what was asked for, as it stands, to stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def emit(value: Json, form: Format, table: Callable[[], RenderableType]) -> None:
    """Print a value: as `table()` shows it, or whole as JSON or YAML."""
    match form:
        case Format.table:
            out().print(table())
        case Format.json:
            put(json.dumps(value, indent=2, ensure_ascii=False))
        case Format.yaml:
            put(_yaml(value).rstrip("\n"))


def emit_line(value: Json) -> None:
    """Print one line of a stream, and let it go at once."""
    put(json.dumps(value, ensure_ascii=False))


def _yaml(value: Json) -> str:
    from io import StringIO

    from ruamel.yaml import YAML

    text = StringIO()
    yaml: Any = YAML(typ="safe")  # its methods have no types
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.dump(value, text)
    return text.getvalue()
