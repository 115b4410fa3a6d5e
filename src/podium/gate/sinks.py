"""Where values come from and where they go: what is declared of tools, inputs and models, as labels and sinks.

What nobody declares anything about is an untrusted source and may affect everything (a *sink* of high impact).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from podium.gate.labels import Label
from podium.gate.leaves import words
from podium.spec.tool import EffectClass, SourceSpec, ToolSpec

_CRITICAL = re.compile(
    r"""(?ix) (?:^|[_.\-]) (?:
        to | cc | bcc | recipients? | receivers? | participants? | attendees? | e?mails? | addressees? | address(?:es)?
      | users? | username | phone | channels? | iban | accounts? | amounts? | price | currency | payees? | limit
      | (?:send|mail|reply|forward)to | to(?:address|e?mail)
      | urls? | uris? | links? | hosts? | domains? | endpoint | webhook | path | paths | file | files | file_?path
      | filename | folder | directory | dir | destination | dest | target | repo | repository | branch | command | cmd
      | query | sql | script | code | role | permissions? | password | token | key
    ) (?:$|[_.\-])"""
)
"""Names of arguments that decide who or what is affected, where nobody has said which ones do."""


class Sink(NamedTuple):
    """Where a call goes.

    Attributes:
        clearance: The highest level that it may see.
        region: Where it is, "" for this machine.
        effect: What it does to the world.
        critical: The arguments that decide who or what is affected; None for those that are told by their names.
    """

    clearance: str
    region: str
    effect: EffectClass
    critical: tuple[str, ...] | None

    def is_critical(self, argument: str) -> bool:
        """Whether an argument decides who or what is affected."""
        if self.effect in ("none", "read"):
            return False
        if self.critical is not None:
            return argument in self.critical
        return self.effect == "irreversible" or _CRITICAL.search(words(argument)) is not None


ELSEWHERE = "elsewhere"
"""The region of what is not on this machine and says nothing of where it is: no value with a residency may go there."""

_HERE = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)", re.IGNORECASE)


def tool_sink(spec: ToolSpec, function: str) -> Sink:
    """Return the sink that a function of a granted tool is."""
    return Sink(spec.clearance, region_of(spec), spec.effect_of(function), spec.critical_of(function))


def region_of(spec: ToolSpec) -> str:
    """Return where a granted tool is, "" for this machine."""
    remote = isinstance(spec.mcp, str) and not _HERE.match(spec.mcp)
    return spec.region or (ELSEWHERE if remote else "")


def source_label(spec: SourceSpec, source: str, *, trust: Literal["trusted", "untrusted"]) -> Label:
    """Return the label of what comes from a declared source."""
    return Label(
        integrity="user" if trust == "trusted" else "untrusted",
        level=spec.level,
        categories=tuple(sorted(set(spec.categories))),
        residency=None if spec.residency is None else tuple(sorted(set(spec.residency))),
        sources=(source,),
    )


MODEL = Label(sources=("model",))
"""What a model adds to what it is told: nothing but that it has had its hands on it."""


def tool_answer(grant: ToolSpec | None, tool: str, function: str) -> Label:
    """Return the label that the answer of a granted function adds to what is made of it; None is granted nothing."""
    source = f"{tool}.{function}"
    if grant is None:
        return Label(integrity="untrusted", sources=(source,))
    return source_label(grant.returns_of(function), source, trust=grant.trust_of(function))
