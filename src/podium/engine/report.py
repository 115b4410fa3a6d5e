"""What came of an attempt, as records.

Results, questions and errors are encoded here, once, as payloads; the records refer to them. Nothing is written: the
loop of the run does that.
"""

from __future__ import annotations

from typing import Any, cast

from podium.clock import Millis
from podium.effects.effect import Suspended
from podium.engine.fold import STOP
from podium.engine.state import NodeState
from podium.engine.surroundings import Surroundings
from podium.errors import NodeError
from podium.ledger.record import Entry, NodeDone, NodeFailed, NodeForked, NodeParked, NodeRevised, Payload
from podium.node.contract import Done, Fork, Outcome, Park, Question, Revise, Stop
from podium.spec.model import Retry

DEFAULT_RETRY = Retry()
"""For nodes that say nothing: the far side was not there, or asked to come back later."""

MAX_OUT_BYTES = 100 * 1024 * 1024
"""The largest result of a node; more belongs into a file value."""


class Report:
    """Makes the entries of one attempt."""

    def __init__(self, run: Surroundings, node: NodeState) -> None:
        self._run = run
        self._node = node

    def ended(self, outcome: Outcome) -> Entry:
        match outcome:
            case Done():
                return self.done(outcome)
            case Park(question):
                return self._parked(question)
            case Fork(items):
                stored = self._run.values.encode(list(items))
                return self.entry(NodeForked(count=len(items), items=stored.ref), stored, key="forked")
            case Revise(reason):
                return self._revised(reason)
            case Stop():
                return self.done(Done(outcome.out, port=cast("Any", STOP + outcome.status), reason=outcome.reason))

    def done(self, done: Done) -> Entry:
        payloads: list[Payload] = []
        out = self._run.values.encode(done.out) if done.out is not None else None
        if out is not None:
            if out.ref.size > MAX_OUT_BYTES:
                return self.failed(
                    NodeError(
                        "EN003",
                        f"the result of `{self._node.path}` has {out.ref.size} bytes, more than {MAX_OUT_BYTES}",
                        kind="limit",
                        help="let the tool write a file and return its reference",
                    )
                )
            payloads.append(out)
        reason = self._run.values.encode(done.reason) if done.reason else None
        if reason is not None:
            payloads.append(reason)
        body = NodeDone(
            port=done.port,
            out=out.ref if out else None,
            reason=reason.ref if reason else None,
            errors=done.errors,
        )
        return self.entry(body, *payloads, key="done")

    def _parked(self, question: Question) -> Entry:
        stored = self._run.values.encode({"text": question.text, "show": question.show})
        due = self._run.clock.now() + round(question.expires.total_seconds() * 1000) if question.expires else 0
        body = NodeParked(
            reason=question.kind, question=stored.ref, roles=question.roles, signal=question.signal, due=Millis(due)
        )
        return self.entry(body, stored)

    def _revised(self, reason: str) -> Entry:
        graph_node = self._node.node
        if self._node.round >= graph_node.max_rounds:
            return self.failed(
                NodeError(
                    "EN004",
                    f"`{self._node.path}` did not hold after {graph_node.max_rounds} revisions: {reason}",
                    kind="invalid_output",
                    help="raise `max`, loosen the check, or handle it with `on_error`",
                )
            )
        stored = self._run.values.encode(reason)
        target = self._node.scope.nodes[graph_node.target]
        body = NodeRevised(target=target.node.id, round=self._node.round + 1, reason=stored.ref)
        return self.entry(body, stored, key="done")

    def suspended(self, suspended: Suspended) -> Entry:
        question = suspended.question
        if question.not_before > self._run.clock.now():
            # The worker that wrote the intent may still send it until then; nobody can say yet whether it landed.
            return self.entry(NodeParked(reason="retry", due=Millis(question.not_before)))
        told = {"text": question.text, "show": question.show, "request": question.request_hash}
        stored = self._run.values.encode(told)
        body = NodeParked(reason=question.reason, question=stored.ref, effect=suspended.effect)
        return self.entry(body, stored)

    def failed(self, error: NodeError) -> Entry:
        retry = self._node.node.config.retry or DEFAULT_RETRY
        again = error.kind in retry.on and self._node.attempts < retry.max
        stored = self._run.values.encode({"message": error.message, "help": error.help})
        body = NodeFailed(
            code=error.code,
            error_kind=error.kind,
            error=stored.ref,
            final=not again,
            retry_at=Millis(self._run.clock.now() + self._delay_ms(retry, error)) if again else Millis(0),
        )
        return self.entry(body, stored)

    def _delay_ms(self, retry: Retry, error: NodeError) -> int:
        """Exponential, with jitter between a half and the whole, and never less than the other side asked for."""
        longest = retry.max_backoff.total_seconds()
        wait = min(retry.backoff.total_seconds() * 2.0 ** min(self._node.attempts, 60), longest)
        jitter = 0.5 + int.from_bytes(self._run.ids.random_bytes(2), "big") / 131_072
        return round(max(wait * jitter, min(error.retry_after_s or 0.0, longest)) * 1000)

    def entry(self, body: Any, *payloads: Payload, key: str = "") -> Entry:  # noqa: ANN401 - any record body
        path = self._node.path
        return Entry(
            body=body,
            path=path,
            attempt=self._node.attempts + 1,
            key=f"{key}:{path}" if key else "",
            payloads=payloads,
        )
