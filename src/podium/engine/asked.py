"""Questions to people, as records tell of them: what is asked, who has said what, and whether that is enough.

The same rules (`podium.gate.approval`) decide here for whoever posts an answer, and in the fold for the run: what was
refused at the door does not count inside either, and what somebody wrote past the door does not count at all.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import NamedTuple

from podium.effects.ballots import ballot_of
from podium.engine.state import EffectState, NodeState
from podium.engine.surroundings import Surroundings
from podium.gate.approval import Ballot, Standing, Subject, digest, judge
from podium.gate.roles import excluded
from podium.ids import NodePath, RunId
from podium.ledger.record import ApprovalGiven, NodeParked, Payload, Record
from podium.ledger.store import RunStore
from podium.node.contract import Question
from podium.spec.approval_rule import Rule, Terms, Voters

PEOPLE = ("approval", "doubt", "ask")
"""Reasons for which a node waits for a person."""


class Asked(NamedTuple):
    """A question that nobody has answered for good.

    Attributes:
        answers: What was said to it so far and when, whether it counts or not.
    """

    record: Record
    parked: NodeParked
    answers: tuple[tuple[int, ApprovalGiven], ...] = ()

    @property
    def ballots(self) -> tuple[Ballot, ...]:
        """The answers, for the rules."""
        return tuple(ballot_of(body, at) for at, body in self.answers)

    def standing(self, now: int) -> Standing:
        """Return what it has come to."""
        terms = self.parked.terms
        return judge(terms, self.ballots, now=now) if terms is not None else Standing(state="pending", missing=1)


async def read_asked(store: RunStore, run: RunId) -> dict[NodePath, Asked]:
    """Return the open questions of a run, by path.

    What anything else has been recorded of since is answered, withdrawn or skipped.
    """
    waiting: dict[NodePath, Asked] = {}
    after = 0
    while records := await store.records(run, after=after):
        for record in records:
            _take(waiting, record)
        after = records[-1].seq
    return waiting


def _take(waiting: dict[NodePath, Asked], record: Record) -> None:
    path, body = NodePath(record.path), record.body
    asked = waiting.get(path)
    if isinstance(body, NodeParked) and body.reason in PEOPLE:
        waiting[path] = Asked(record, body)
    elif asked is None:
        return
    elif isinstance(body, ApprovalGiven) and asked.parked.terms is not None:
        more = asked._replace(answers=(*asked.answers, (record.at, body)))
        waiting[path] = more
        if more.standing(0).state != "pending":
            del waiting[path]
    else:
        del waiting[path]


def heard(node: NodeState, body: ApprovalGiven, at: int) -> bool:
    """Take what somebody says to the question of a node; return whether the question is answered by it."""
    parked = node.parked
    if parked is None or parked.reason != "approval":
        return False
    if parked.terms is None:
        return body.verdict in ("approved", "rejected")
    node.ballots.append(ballot_of(body, at))
    return judge(parked.terms, node.ballots, now=at).state in ("approved", "edited", "rejected")


def asked_about(effect: EffectState, parked: NodeParked) -> None:
    """Note that people are asked about an effect: what they said to the same question before does not count here."""
    effect.question = parked.question
    if parked.terms is not None and parked.terms.effect:
        effect.approval, effect.terms, effect.ballots = "", None, ()


def agree(effect: EffectState, node: NodeState, body: ApprovalGiven, key: str) -> None:
    """Note that people agreed to an effect, or to passing a budget for it, and with what changes."""
    effect.approval = key
    parked = node.parked
    if parked is None or parked.terms is None or not (parked.terms.effect or parked.staged):
        return
    effect.terms, effect.ballots = parked.terms, tuple(node.ballots)
    if body.verdict == "edited":
        effect.edited, effect.edited_request = body.answer, body.request


def terms_of(run: Surroundings, node: NodeState, question: Question, stored: Payload) -> Terms:
    """Return what holds for a question of a node that is asked now."""
    rule = question.rule or _plain(question)
    people = run.gateway.safeguards.people
    asked = Subject(
        run=run.state.run, node=node.path, name=node.work.type, request=hashlib.sha256(stored.data).hexdigest()
    )
    return Terms(
        at=run.clock.now(),
        rule=rule,
        subject=digest(asked),
        excluded=excluded(people, rule, run.parties),
        named=people.configured,
    )


def _plain(question: Question) -> Rule:
    expires = question.expires
    roles = tuple(sorted(set(question.roles)))
    return Rule(
        stages=(Voters(roles=roles),) if roles else (),
        ends_ms=max(1, expires // timedelta(milliseconds=1)) if expires is not None else 0,
    )
