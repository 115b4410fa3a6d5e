"""What became of a run, as a Python program sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from podium.app.overview import Ask, Fault, Overview
from podium.errors import PodiumError
from podium.ledger.store import ENDED, RowStatus

Json = Any

GOOD = frozenset({"done", "done_with_errors"})


class RunNotDone(PodiumError):
    """The result of a run was asked for that has none (AP056)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A node that waits for somebody.

    Attributes:
        node: Its path.
        reason: `approval`, `signal`, `doubt` (did its effect happen?) or `ask` (it failed; what now?).
        question: The words of the question.
        show: What the question is about.
        signal: The name of the signal.
    """

    node: str
    reason: str
    question: str = ""
    show: Json = None
    signal: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What ended a run that is not done.

    Attributes:
        node: The path of the node that it happened to, "" for the run itself.
        help: The next step, or "".
    """

    code: str
    message: str
    node: str = ""
    help: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that was seen of a run.

    Attributes:
        kind: `node`: a node's status has changed. `text`: a piece of what a model says, only where it is being said.
            `run`: the run has ended.
        node: The path of the node, "" for the run.
        status: For `node`: its status, or the port by which it was left. For `run`: how it ended.
        text: For `text`: the piece.
    """

    kind: Literal["node", "text", "run"]
    node: str = ""
    status: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How a run stands when it has come to rest.

    Attributes:
        run: Its id.
        status: `done`, `done_with_errors`, `failed`, `denied`, `cancelled` or `limit`; what it waits for when it waits.
        error: What ended it when that was no success.
        waits: The nodes that wait, in the order in which they began to.
    """

    run: str
    status: RowStatus
    given: Json = None
    error: Failure | None = None
    waits: tuple[Waiting, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it has a result."""
        return self.status in GOOD

    @property
    def ended(self) -> bool:
        """Whether it is over, well or not."""
        return self.status in ENDED

    @property
    def value(self) -> Json:
        """Its result.

        Raises:
            RunNotDone: when it failed, was denied or cancelled, or still waits: a failure is never taken for a value.
        """
        if not self.ok:
            why = f": {self.error.code}: {self.error.message}" if self.error else ""
            waits = "".join(f", `{wait.node}` waits for {wait.reason}" for wait in self.waits)
            help_ = self.error.help if self.error else "look at `status` before you take the value"
            how = self.status if self.ended else f"waiting({self.status})"
            raise RunNotDone("AP056", f"run `{self.run}` is {how}{why}{waits}", help=help_)
        return self.given


def result_of(overview: Overview) -> Result:
    """Return the same in the words of this module."""
    return Result(
        run=overview.view.run,
        status=overview.status,
        given=overview.result,
        error=_failure(overview.fault),
        waits=tuple(_waiting(ask) for ask in overview.asks if ask.node.wait),
    )


def _failure(fault: Fault | None) -> Failure | None:
    if fault is None:
        return None
    return Failure(code=fault.code, message=fault.message, node=fault.node, help=fault.help)


def _waiting(ask: Ask) -> Waiting:
    wait = ask.node.wait
    assert wait is not None
    return Waiting(node=ask.path, reason=wait.reason, question=ask.text, show=ask.show, signal=wait.signal)
