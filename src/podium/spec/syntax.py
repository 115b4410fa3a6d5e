"""The YAML parser behind a typed door: events in our own form, complaints in words for the person who must fix them.

The scanner and parser are ruamel's. They are asked for events only, one at a time, so that whoever builds values out
of them can stop at a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from podium.spec.finding import Refused
from podium.spec.positions import Span, Style

Kind = Literal["document", "mapping", "list", "scalar", "alias", "end"]
_KINDS: dict[type, Kind] = {
    DocumentStartEvent: "document",
    MappingStartEvent: "mapping",
    SequenceStartEvent: "list",
    ScalarEvent: "scalar",
    AliasEvent: "alias",
    MappingEndEvent: "end",
    SequenceEndEvent: "end",
}
_STYLES: dict[str | None, Style] = {None: "plain", "'": "quoted", '"': "quoted", "|": "literal", ">": "folded"}

_SHIELD = str.maketrans("\x85\u2028\u2029", "\ufdd0\ufdd1\ufdd2")
_UNSHIELD = str.maketrans("\ufdd0\ufdd1\ufdd2", "\x85\u2028\u2029")
"""ruamel ends lines at these three characters, as YAML 1.1 did, and loses them and the spaces around. So they pass it
as three code points that Unicode keeps for such use and that no file may hold."""

_SHIELDED_ESCAPE = re.compile(r"\\(?:u|U0000)[fF][dD][dD][0-2]")
_ANCHOR = re.compile(r"&\S+\s*")

_EXPLANATIONS = (
    # words of the parser, or clues of ours; our sentence; the next step. The first that fits is taken.
    ("bare placeholder", "`${…}` stands unquoted within `{…}` or `[…]`", 'put it in quotes: `"${…}"`'),
    (
        "after a quote while parsing a block mapping",
        "this text goes on after its closing quote",
        "write a quote within quoted text twice, or use the other kind around it",
    ),
    (
        "mapping values are not allowed",
        "a `:` stands where no key can be",
        "quote text that contains `: `, or indent the line as its neighbours",
    ),
    ("found a tab", "a tab stands where indentation or a value begins", "indent with spaces"),
    ("could not find expected ':'", "a key without `:`", "write `key: value`, or indent the text below its key"),
    ("cannot start any token", "a value cannot begin with this character", "quote the text"),
    ("while scanning a quoted scalar", "this quoted text is not closed", "close the quote"),
    (
        "while scanning a double-quoted scalar",
        "this quoted text has an escape that is not known",
        "double each `\\`, or use single quotes",
    ),
    (
        "while parsing a flow sequence",
        "expected `,` or `]` in this list",
        "close the `[`, and quote text that contains `,` or `: `",
    ),
    (
        "while parsing a flow mapping",
        "expected `,` or `}` in this mapping",
        "close the `{`, and quote text that contains `,` or `: `",
    ),
    ("while parsing a flow node", "a `[` or `{` is not closed", "close it"),
    (
        "while scanning a block scalar",
        "this block of text is indented wrongly",
        "indent all its lines below the `|` or `>` alike",
    ),
    (
        "expected <block end>",
        "this line is indented differently from its neighbours",
        "align it with the lines that belong to the same mapping or list",
    ),
    ("while scanning an alias", "a `*` begins an alias here", "quote text that begins with `*`"),
    ("while scanning an anchor", "a `&` begins an anchor here", "quote text that begins with `&`"),
    (
        "sequence entries are not allowed",
        "a `-` begins a list item where none can be",
        "put the list on the lines below its key",
    ),
)


class Event(NamedTuple):
    """A step of the parser.

    Attributes:
        text: A scalar's text; the version or `%` line of a document that has directives.
        name: Name of an anchor or alias, or "".
        tag: A tag that was written, or "".
        flow: Whether a collection is written in brackets.
    """

    kind: Kind
    span: Span
    text: str = ""
    style: Style = "plain"
    name: str = ""
    tag: str = ""
    flow: bool = False


def events(text: str) -> Iterator[Event]:
    """Yield the events of all documents in `text`, collections closed by `end`.

    Raises:
        Refused: SP001, where the text stops to be YAML.
    """
    try:
        for event in _parse(text.translate(_SHIELD)):
            kind = _KINDS.get(type(event))
            if kind is not None:
                yield _event(kind, event, text)
    except MarkedYAMLError as error:
        raise _refusal(error, text) from None
    except (YAMLError, ValueError, OverflowError) as error:
        # ValueError, OverflowError: the scanner passes escapes such as "\UFFFFFFFF" to chr() as they are
        start = max(text.find("\\U"), 0)
        message, help_ = "an escape in a quoted text gives no character", "double each `\\`, or use single quotes"
        raise Refused("SP001", message, Span(start=start, end=start), help=help_) from error


class _Parser(YAML):
    def official_plug_ins(self) -> list[str]:
        """Return none; ruamel looks for them on disk, each time, and a workflow is also loaded in the event loop."""
        return []


def _parse(text: str) -> Iterator[object]:
    parser: Any = _Parser(typ="safe", pure=True)
    return parser.parse(text)


def _event(kind: Kind, event: Any, text: str) -> Event:  # noqa: ANN401 - ruamel's events have no types
    start = min(event.start_mark.index, len(text))
    if kind != "alias" and (anchor := _ANCHOR.match(text, start)):
        start = anchor.end()
    span = Span(start=start, end=max(start, min(event.end_mark.index, len(text))))
    if kind == "document":
        return Event(kind, span, text="%" if event.tags or event.version not in {None, (1, 2)} else "")
    if kind == "scalar":
        if event.style == '"' and _SHIELDED_ESCAPE.search(text, span.start, span.end):
            raise Refused("SP005", "this text holds a character that no text can hold", span, help="delete the escape")
        value = str(event.value).translate(_UNSHIELD)
        return Event(kind, span, value, _STYLES[event.style], event.anchor or "", _tag(event))
    if kind in {"mapping", "list"}:
        return Event(kind, span, name=event.anchor or "", tag=_tag(event), flow=bool(event.flow_style))
    return Event(kind, span, name=event.anchor if kind == "alias" else "")


def _tag(event: Any) -> str:  # noqa: ANN401 - as above
    return str(event.tag or "").replace("tag:yaml.org,2002:", "!!")


def _refusal(error: Any, text: str) -> Refused:  # noqa: ANN401 - as above
    mark = error.problem_mark or error.context_mark
    if error.context_mark and mark.index >= len(text.rstrip()):
        mark = error.context_mark  # something is never closed: show where it begins
    start = min(mark.index, len(text)) if mark else 0
    said = _clues(text, start) + f"{error.context or ''} {error.problem or ''}"
    span = Span(start=start, end=start)
    for words, message, help_ in _EXPLANATIONS:
        if words in said:
            return Refused("SP001", message, span, help=help_ + _begun(error.context_mark, mark))
    return Refused("SP001", "this is not readable as YAML", span, help=said.strip())


def _clues(text: str, start: int) -> str:
    """Return what the text around a complaint tells beyond the parser's words."""
    if text[start : start + 1] == "\t":
        return "found a tab "
    if text[start - 1 : start + 1] == "${" or text[start - 2 : start] == "${":
        return "bare placeholder "
    return "after a quote " if text[:start].rstrip(" ")[-1:] in {"'", '"'} else ""


def _begun(begin: Any, mark: Any) -> str:  # noqa: ANN401 - as above
    return f"; it begins in line {begin.line + 1}" if begin and begin.line < mark.line else ""
