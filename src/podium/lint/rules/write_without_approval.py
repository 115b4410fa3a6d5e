"""LI004."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.approvals import Approvals
from podium.lint.leaks import leaks
from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class WriteWithoutApproval:
    """A call that changes the world, with no person asked before it.

    Why is this bad? What a model wrote or a web page said goes out unseen. For changes that nobody needs to see, say so
    by declaring the function's real effect. A question whose silence means yes (`on_expiry: approve`) is no approval.

    Wrong:

    ```yaml
    podium: 1
    name: notice
    tools:
      files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}
    nodes:
      text: {llm: Write a notice for the canteen.}
      post:
        tool: files.write
        with: {path: notice.md, text: "${text.out}"}
    ```

    Right: ask in a node before it, or with `approval: required` at the tool.

    ```yaml
    podium: 1
    name: notice
    tools:
      files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}
    nodes:
      text: {llm: Write a notice for the canteen.}
      approve: {human: Post this?, show: text.out}
      post:
        tool: files.write
        with: {path: notice.md, text: "${approve.out}"}
    ```
    """

    code: ClassVar[str] = "LI004"
    name: ClassVar[str] = "write-without-approval"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at calls with effect `write` or `irreversible`; what undoes something needs no approval of its own.

        What another rule says of the labels of a call is the better warning.
        """
        approvals = Approvals(subject)
        told = {(id(leak.spot), leak.name) for leak in leaks(subject) if not (leak.inside or leak.again)}
        for call in subject.calls:
            if call.grant is None or not call.changes or call.spot.role == "compensation":
                continue
            if (id(call.spot), call.name) in told:
                continue
            if approvals.released_on_a_word(call) or approvals.declared(call) or approvals.asked(call.spot):
                continue
            effect = call.grant.effect_of(call.tool.function)
            message = f"`{call.name}` ({effect}) runs without anybody's approval"
            help_ = "ask in a `human` node before it, or declare `approval: required`"
            yield Remark(message, (*call.spot.loc, call.spot.node.type), help_)
