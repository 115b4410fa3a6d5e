"""LI030."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.leaks import leaks
from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class RuleOfTwo:
    """Untrusted input, private data and an effect outside meet in one call, and no person is in between.

    Why is this bad? Two of the three are safe; with all three, what a stranger wrote can make a model put private data
    into something that leaves. Private is what is above the default level or has a category; outside is a tool that
    changes something, is in another region, or is reached by a URL.

    Wrong:

    ```yaml
    podium: 1
    name: answer-tickets
    tools:
      tickets: {mcp: [ticket-server], effect: read, delivery: repeatable}
      crm: {mcp: [crm-server], effect: read, delivery: repeatable, trust: trusted, returns: {categories: [pii]}}
      mail: {mcp: [mail-server], effect: write, delivery: keyed}
    nodes:
      ticket: {tool: tickets.read, with: {id: T-7}}
      customer: {tool: crm.find, with: {name: Ada}}
      answer: {llm: "Answer ${ticket.out.text} of ${customer.out}"}
      send: {tool: mail.send, with: {to: ada@example.org, body: "${answer.out}"}}
    ```

    Right: leave one of the three out, or ask a person.

    ```yaml
    podium: 1
    name: answer-tickets
    tools:
      tickets: {mcp: [ticket-server], effect: read, delivery: repeatable}
      crm: {mcp: [crm-server], effect: read, delivery: repeatable, trust: trusted, returns: {categories: [pii]}}
      mail: {mcp: [mail-server], effect: write, delivery: keyed}
    nodes:
      ticket: {tool: tickets.read, with: {id: T-7}}
      customer: {tool: crm.find, with: {name: Ada}}
      answer: {llm: "Answer ${ticket.out.text} of ${customer.out}"}
      agreed: {human: Send this?, show: answer.out}
      send: {tool: mail.send, with: {to: ada@example.org, body: "${agreed.out}"}}
    ```
    """

    code: ClassVar[str] = "LI030"
    name: ClassVar[str] = "rule-of-two"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at calls that labels let happen."""
        for leak in leaks(subject):
            if leak.kind == "three":
                untrusted, private = leak.ways
                message = f"untrusted input and private data go outside together{leak.where}: {untrusted}; {private}"
                yield Remark(message, leak.loc, "leave one of them out, or ask a person before it")
