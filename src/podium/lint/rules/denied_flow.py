"""LI026."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.leaks import Leak, leaks
from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class DeniedFlow:
    """Something goes where it may not go, and no person could allow it.

    Why is this bad? The call will be refused: what it is made of is more confidential than its target is cleared for,
    or may not leave its region. All branches count, also those that a run may not take.

    Wrong:

    ```yaml
    podium: 1
    name: tell-the-customer
    tools:
      crm: {mcp: [crm-server], effect: read, delivery: repeatable, trust: trusted, returns: {level: confidential}}
      mail: {mcp: [mail-server], effect: write, delivery: keyed, approval: required}
    nodes:
      customer: {tool: crm.find, with: {name: Ada}}
      letter: {transform: "Dear ${customer.out.name}"}
      send: {tool: mail.send, with: {to: ada@example.org, body: "${letter.out}"}}
    ```

    Right: say that the target may see it, or leave it out.

    ```yaml
    podium: 1
    name: tell-the-customer
    tools:
      crm: {mcp: [crm-server], effect: read, delivery: repeatable, trust: trusted, returns: {level: confidential}}
      mail: {mcp: [mail-server], effect: write, delivery: keyed, approval: required, clearance: confidential}
    nodes:
      customer: {tool: crm.find, with: {name: Ada}}
      letter: {transform: "Dear ${customer.out.name}"}
      send: {tool: mail.send, with: {to: ada@example.org, body: "${letter.out}"}}
    ```
    """

    code: ClassVar[str] = "LI026"
    name: ClassVar[str] = "denied-flow"
    severity: ClassVar[Severity] = "error"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Say what would be denied; nothing is said of levels that nobody has heard of, where no installation is."""
        for leak in leaks(subject):
            if leak.kind == "denied" and not _is_unknown(leak, subject):
                message = f"this will be denied{leak.where}: {leak.ways[0]}"
                yield Remark(message, leak.loc, _help(leak))


def _is_unknown(leak: Leak, subject: Subject) -> bool:
    premises, sink = subject.premises, leak.sink
    names = {leak.label.level, sink.clearance} - {"", *premises.lattice.levels}
    return not premises.decided and leak.rule == "confidentiality" and bool(names)


def _help(leak: Leak) -> str:
    if leak.rule == "residency":
        return "use a tool or model in an allowed region"
    if leak.name == "model":
        return "leave it out, ask a model that is cleared for it, or clear this one under `[models]`"
    return (
        f"leave it out, or declare `clearance: {leak.label.level}` at the tool" if leak.label.level else "leave it out"
    )
