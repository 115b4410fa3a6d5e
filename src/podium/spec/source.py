"""YAML text to plain values, with the place of everything kept.

What is read is the part of YAML 1.2 that JSON can say: mappings with text keys, lists, and single values
(`scalars.py`). Comments, anchors and aliases are fine. Refused, each with its place:

- more than `MAX_BYTES`, `MAX_VALUES` (aliases count each time they are used) or `MAX_DEPTH`;
- a key written twice, a key that is not text, a merge key (`<<`), a tag (`!!x`), directives, a second document;
- characters that no file should hold (NUL, other control characters, half of a surrogate pair).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from podium.spec.finding import Finding, Refused
from podium.spec.positions import Positions, Span, Written
from podium.spec.scalars import checked, plain
from podium.spec.syntax import Event, events

Json = Any
MAX_BYTES = 1 << 20
MAX_VALUES = 50_000
MAX_DEPTH = 64

_BAD_CHARACTER = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_TOP = Span(start=0, end=0)
_DEEP = f"expected at most {MAX_DEPTH} levels of nesting"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What was read. `root` is None when there is nothing to go on with."""

    text: str
    root: Written | None
    findings: tuple[Finding, ...]
    positions: Positions


def read(text: str) -> Source:
    """Return the one document in `text` with its places, or what makes it unreadable."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    composer = _Composer(events(text))
    root = None
    try:
        _check_characters(text)
        root = composer.document()
    except Refused as refused:
        composer.findings.append(refused.finding)
    starts = accumulate((len(line) + 1 for line in text.split("\n")[:-1]), initial=0)
    positions = Positions(text, root, line_starts=tuple(starts))
    return Source(text=text, root=root, findings=tuple(composer.findings), positions=positions)


def _check_characters(text: str) -> None:
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        help_ = "split it into sub-workflows, or keep large texts in files of their own"
        raise Refused("SP002", "expected a file of at most 1 MiB", _TOP, help=help_)
    if bad := _BAD_CHARACTER.search(text):
        span = Span(start=bad.start(), end=bad.end())
        help_ = "delete it, or save the file as UTF-8"
        raise Refused("SP005", f"character U+{ord(bad[0]):04X} cannot stand in a file", span, help=help_)


@dataclass(slots=True)
class _Composer:
    """Builds values out of events; `anchors` holds None while an anchor's own value is being built."""

    events: Iterator[Event]
    findings: list[Finding] = field(default_factory=list[Finding])
    anchors: dict[str, Written | None] = field(default_factory=dict[str, "Written | None"])
    count: int = 0

    def document(self) -> Written:
        root: Written | None = None
        for event in self.events:
            if root is not None:
                raise Refused("SP004", "a second document begins here", event.span, help="keep one workflow in a file")
            if event.text:
                help_ = "delete the lines that begin with `%`"
                raise Refused("SP004", "YAML directives are not used here", event.span, help=help_)
            root = self._value(next(self.events), 0)
        if root is None:
            raise Refused("SP001", "the file is empty", _TOP, help="`podium new` writes a first workflow")
        return root

    def _value(self, event: Event, depth: int) -> Written:
        if event.kind == "alias":
            return self._alias(event, depth)
        self._admit(event)
        if event.name:
            self.anchors[event.name] = None
        if event.kind == "scalar":
            written = _scalar(event)
        elif depth >= MAX_DEPTH:
            raise Refused("SP002", _DEEP, event.span)
        elif event.kind == "mapping":
            written = self._mapping(event, depth)
        else:
            written = self._list(event, depth)
        if event.name:
            self.anchors[event.name] = written
        return written

    def _admit(self, event: Event) -> None:
        if event.tag:
            help_ = "write the value plainly; text in quotes is text"
            raise Refused("SP004", f"YAML tags such as `{event.tag}` are not used here", event.span, help=help_)
        self._grow(event, 1)

    def _grow(self, event: Event, size: int) -> None:
        self.count += size
        if self.count > MAX_VALUES:
            message = f"expected at most {MAX_VALUES} values in a file, aliases counted each time they are used"
            raise Refused("SP002", message, event.span, help="split it into sub-workflows")

    def _alias(self, event: Event, depth: int) -> Written:
        if event.name not in self.anchors:
            help_ = f"define it before with `&{event.name}`, or quote the text if it begins with `*`"
            raise Refused("SP001", f"alias `*{event.name}` is not defined", event.span, help=help_)
        target = self.anchors[event.name]
        if target is None:
            message = f"alias `*{event.name}` stands inside the value that it names"
            raise Refused("SP001", message, event.span, help="write the value out")
        if depth + target.height > MAX_DEPTH:
            raise Refused("SP002", _DEEP, event.span)
        self._grow(event, target.size)
        return replace(target, span=event.span)

    def _mapping(self, begin: Event, depth: int) -> Written:
        keys: dict[str, Span] = {}
        children: dict[str | int, Written] = {}
        while (event := next(self.events)).kind != "end":
            key = self._key(event)
            value = self._value(next(self.events), depth + 1)
            if key in keys:
                self.findings.append(_twice(key, event.span, first=keys[key]))
            else:
                keys[key], children[key] = event.span, value
        value = {key: child.value for key, child in children.items()}
        return _collection(begin, event, value, children, keys)

    def _list(self, begin: Event, depth: int) -> Written:
        children: dict[str | int, Written] = {}
        while (event := next(self.events)).kind != "end":
            children[len(children)] = self._value(event, depth + 1)
        return _collection(begin, event, [child.value for child in children.values()], children, {})

    def _key(self, event: Event) -> str:
        if event.kind != "scalar":
            help_ = "quote text that begins with `{`, `[` or `*`"
            raise Refused("SP004", "expected text as a key", event.span, help=help_)
        self._admit(event)
        if event.text == "<<" and event.style == "plain":
            help_ = "write the keys out, or use an alias for a whole value"
            raise Refused("SP004", "merge keys (`<<`) are not used here", event.span, help=help_)
        written = _scalar(event)
        if event.name:
            self.anchors[event.name] = written
        if isinstance(written.value, str):
            return written.value
        help_ = f'write it in quotes: `"{event.text}"`' if event.text else "write a key before the `:`"
        raise Refused("SP004", f"expected text as a key, got `{event.text}`", event.span, help=help_)


def _twice(key: str, span: Span, *, first: Span) -> Finding:
    return Finding("SP003", f"key `{key}` is written twice", span, "keep one of them", first)


def _scalar(event: Event) -> Written:
    make = plain if event.style == "plain" else checked
    return Written(value=make(event.text, event.span), style=event.style, span=event.span, source=event.span)


def _collection(
    begin: Event, end: Event, value: Json, children: dict[str | int, Written], keys: dict[str, Span]
) -> Written:
    span = Span(start=begin.span.start, end=end.span.end)
    return Written(
        value=value,
        style="flow" if begin.flow else "block",
        span=span,
        source=span,
        keys=keys,
        children=children,
        size=1 + len(keys) + sum(child.size for child in children.values()),
        height=1 + max((child.height for child in children.values()), default=0),
    )
