"""What came of an attempt, as records.

Results, questions and errors are encoded here, once, as payloads; the records refer to them. Nothing is written: the
loop of the run does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from msgspec.structs import replace

from podium.clock import Millis
from podium.effects.effect import Suspended
from podium.engine.asked import terms_of
from podium.engine.fold import STOP
from podium.engine.inside import failed_port
from podium.engine.state import NodeState
from podium.engine.surroundings import Surroundings
from podium.errors import NodeError
from podium.graph.joins import handled
from podium.graph.model import ASK
from podium.ids import NodePath
from podium.ledger.record import (
    Entry,
    FactEmitted,
    NodeDone,
    NodeFailed,
    NodeForked,
    NodeParked,
    NodeRevised,
    Payload,
)
from podium.node.contract import Done, Fact, Fork, MoreSources, Outcome, Park, Question, Revise, Stop
from podium.spec.approval import DEFAULT_EXPIRES
from podium.spec.label import USER, Label
from podium.spec.model import Retry
from podium.units import format_duration

Json = Any

DEFAULT_RETRY = Retry()
"""For nodes that say nothing: the far side was not there, or asked to come back later."""

CALLBACK = "callback:"
"""How the names of signals begin that only the holder of a token can send."""

MAX_OUT_BYTES = 100 * 1024 * 1024
"""The largest result of a node; more belongs into a file value."""


NO_RETRY = Retry(max=0)
"""For nodes with nodes inside that say nothing: those have retried already."""


class Report:
    """Makes the entries of one attempt.

    Attributes:
        causes: What had caused the failure of a node whose inside failed, as expressions see it, nearest first.
        sources: How many sources of a join were looked at.
        endorsed: The parts of its result that somebody vouches for.
    """

    def __init__(self, run: Surroundings, node: NodeState, heard: Sequence[Label] = ()) -> None:
        self._run = run
        self._node = node
        self._heard = heard
        self.causes: Sequence[Json] = ()
        self.sources = 0
        self.endorsed: tuple[str, ...] = ()

    def ended(self, outcome: Outcome) -> list[Entry]:
        match outcome:
            case Done():
                return self.done(outcome)
            case Park(question):
                return [self._parked(question)]
            case Fork(items, part):
                stored = self._run.values.encode(list(items))
                start = self._node.count
                body = NodeForked(count=len(items), items=stored.ref, part=part, start=start)
                return [self._entry(body, stored, key=f"forked:{self._node.place}:{start}")]
            case MoreSources(reason):
                return self._more_sources(reason)
            case Revise(reason):
                return self._revised(reason)
            case Stop():
                return self.done(Done(outcome.out, port=cast("Any", STOP + outcome.status), reason=outcome.reason))

    def done(self, done: Done) -> list[Entry]:
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
            also=done.also,
            label=self._label(),
            endorsed=self.endorsed,
        )
        entry = self.entry(body, *payloads, key="done")
        return [entry] if done.fact is None else [self._fact(done.fact), entry]

    def _label(self) -> Label | None:
        """Return the label of what the node gives; None for what needs no mention."""
        label = self._run.labels.result(self._node, self._heard)
        return None if label == USER else label

    def _fact(self, fact: Fact) -> Entry:
        stored = self._run.values.encode(fact.value) if fact.value is not None else None
        body = FactEmitted(fact=fact.kind, name=fact.name, value=stored.ref if stored else None)
        return self.entry(body, *((stored,) if stored else ()), key="fact")

    def _parked(self, question: Question) -> Entry:
        told = {"text": question.text, "show": question.show}
        if question.schema is not None:
            told["schema"] = dict(question.schema)
        stored = self._run.values.encode(told)
        wait_s = max(0.0, question.expires.total_seconds()) if question.expires is not None else 0.0
        due = self._run.clock.now() + round(wait_s * 1000) if question.expires is not None else 0
        terms = terms_of(self._run, self._node, question, stored) if question.kind == "approval" else None
        body = NodeParked(
            reason=question.kind,
            question=stored.ref,
            roles=question.roles,
            signal=callback_signal(self._node.path) if question.callback else question.signal,
            due=Millis(terms.due if terms is not None else due),
            sources=self.sources,
            staged=question.staged,
            terms=terms,
        )
        return self.entry(body, stored)

    def _more_sources(self, reason: str) -> list[Entry]:
        node = self._node
        if (node.tally.source_pending or len(node.arrived) > self.sources) and not node.due:
            return [self.entry(NodeParked(reason="sources", sources=self.sources))]
        error = NodeError(
            "EN013",
            f"none of the sources of `{node.path}` gave what it waits for: {reason}",
            kind="invalid_output",
            help="loosen `valid`, add a source, or handle it with `on_error`",
        )
        return self.failed(error)

    def _revised(self, reason: str) -> list[Entry]:
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
        body = NodeRevised(target=target.node.id, round=self._node.round + 1, reason=stored.ref, label=self._label())
        return [self.entry(body, stored, key="done")]

    def suspended(self, suspended: Suspended) -> Entry:
        question = suspended.question
        if question.reason == "budget" or question.not_before > self._run.clock.now():
            # Others must settle first; or the worker that wrote the intent may still send it until then, and nobody
            # can say yet whether it landed.
            return self.entry(NodeParked(reason="retry", due=Millis(question.not_before)))
        told = {"text": question.text, "show": question.show, "request": question.request_hash}
        if question.over:
            told["over"] = list(question.over)
        if question.call is not None:
            told |= {"call": question.call, "workflow": question.workflow}
        stored = self._run.values.encode(told)
        terms = question.terms
        if terms is None and question.reason == "approval":
            terms = terms_of(self._run, self._node, Question(expires=DEFAULT_EXPIRES), stored)
        body = NodeParked(
            reason=question.reason,
            question=stored.ref,
            effect=suspended.effect,
            roles=terms.rule.in_turn[0].roles if terms is not None else (),
            due=Millis(terms.due if terms is not None else 0),
            terms=terms,
        )
        return self.entry(body, stored)

    def overrun(self) -> list[Entry]:
        """What is inside the node took longer than it may."""
        limit = self._node.work.config.timeout
        assert limit is not None
        error = NodeError(
            "EN002",
            f"what is inside `{self._node.path}` took longer than {format_duration(limit.total)}",
            kind="timeout",
            help="raise `timeout`, or handle it with `on_error`",
        )
        return self._stop_inside(error)

    def overspent(self) -> list[Entry]:
        """What is inside the node was longer at work than it may."""
        error = NodeError(
            "GA052",
            f"what is inside `{self._node.path}` has used up its time at work",
            kind="limit",
            help="raise `wall` of its budget, or handle it with `on_limit`",
        )
        return self._stop_inside(error)

    def _stop_inside(self, error: NodeError) -> list[Entry]:
        stored = self._run.values.encode({"message": error.message, "help": error.help, "causes": []})
        return [self.entry(NodeFailed(code=error.code, error_kind=error.kind, error=stored.ref, then="inside"), stored)]

    def failed(self, error: NodeError, *, last: bool = False) -> list[Entry]:
        """Return what comes of a failure: another attempt, a fallback, a question to a person, or the end.

        `last` leaves out everything but the end.
        """
        node = self._node
        retry = node.work.config.retry or (NO_RETRY if node.forked else DEFAULT_RETRY)
        stored = self._run.values.encode({"message": error.message, "help": error.help, "causes": list(self.causes)})
        body = NodeFailed(code=error.code, error_kind=error.kind, error=stored.ref, final=True, label=self._label())
        if last:
            return [self.entry(body, stored)]
        if error.kind in retry.on and node.attempts < retry.max:
            at = Millis(self._run.clock.now() + self._delay_ms(retry, error))
            then = replace(body, final=False, retry_at=at, then="round" if node.forked else "retry")
            return [self.entry(then, stored)]
        if node.variant < len(node.node.fallbacks):
            return [self.entry(replace(body, final=False, then="fallback"), stored)]
        if node.node.handlers.get(handled(node.node, failed_port(error.kind), error.kind)) == ASK:
            asked = {
                "text": f"`{node.path}` failed: {error.message}",
                "show": {"code": error.code, "kind": error.kind, "help": error.help},
            }
            question = self._run.values.encode(asked)
            failed = self.entry(replace(body, final=False, then="ask"), stored)
            return [failed, self.entry(NodeParked(reason="ask", question=question.ref), question)]
        return [self.entry(body, stored)]

    def _delay_ms(self, retry: Retry, error: NodeError) -> int:
        """Exponential, with jitter between a half and the whole, and never less than the other side asked for."""
        longest = retry.max_backoff.total_seconds()
        wait = min(retry.backoff.total_seconds() * 2.0 ** min(self._node.attempts, 60), longest)
        jitter = 0.5 + int.from_bytes(self._run.ids.random_bytes(2), "big") / 131_072
        return round(max(wait * jitter, min(error.retry_after_s or 0.0, longest)) * 1000)

    def entry(self, body: Any, *payloads: Payload, key: str = "") -> Entry:  # noqa: ANN401 - any record body
        return self._entry(body, *payloads, key=f"{key}:{self._node.path}" if key else "")

    def _entry(self, body: Any, *payloads: Payload, key: str) -> Entry:  # noqa: ANN401 - any record body
        return Entry(body=body, path=self._node.path, attempt=self._node.attempts + 1, key=key, payloads=payloads)


def callback_signal(path: NodePath) -> str:
    """Return the name of the signal that only the holder of a node's token can send."""
    return f"{CALLBACK}{path}"
