"""What happens with what is found, by where it goes: the installation's rules on loss of data.

A rule says for a kind, or a group of kinds, `allow | redact | approval | deny`. There are rules for models, for tools,
and for both; the rule of the sink counts before that for both, the rule of a kind before that of its group, and `*`
last. Where nobody has written a rule, secrets are taken out of what goes to a model or to a tool that nobody trusts,
and everything else goes.

A tool whose grant says that it `sees` a kind gets it, unless a written rule says `approval` or `deny`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from podium.gate.redact.finding import KINDS

Action = Literal["allow", "redact", "approval", "deny"]

SinkKind = Literal["models", "tools", "trusted_tools"]
"""What an effect goes to; the rules for `tools` hold for both sorts of tools."""

Rules = Mapping[str, Action]


@dataclass(frozen=True, slots=True)
class LossRules:
    """The rules of an installation; each `{kind, group or *: action}`."""

    models: Rules = field(default_factory=dict[str, Action])
    tools: Rules = field(default_factory=dict[str, Action])
    all: Rules = field(default_factory=dict[str, Action])

    def action(self, sink: SinkKind, kind: str, *, sees: frozenset[str] = frozenset()) -> Action:
        """Return what happens with a kind; `sees` are the kinds that the tool's grant says it sees."""
        written = self._written(self.models if sink == "models" else self.tools, kind)
        if written in ("approval", "deny"):
            return written
        if kind in sees:
            return "allow"
        if written is not None:
            return written
        return "redact" if KINDS.get(kind) == "secret" and sink != "trusted_tools" else "allow"

    def _written(self, rules: Rules, kind: str) -> Action | None:
        for table in (rules, self.all):
            for name in (kind, KINDS.get(kind, ""), "*"):
                if name in table:
                    return table[name]
        return None
