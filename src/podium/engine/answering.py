"""Answering what a run asks people: checked against who may say what, then posted as one record.

1. What would not count is refused here, with the reason; nothing is recorded of it.
2. Each answer has a key that says how many were there before it. So of two people who answer at the same time one is
   first; the other looks again, and either adds to it or is told that the question is closed.
3. What happened between the look and the record counts: an answer that the record shows to have come too late is told
   so to whoever gave it, and has no effect.
4. Nobody agrees to what they have not seen: an answer goes to the question that its author had before them, never to
   another one that the same node asks by now.
"""

from __future__ import annotations

import hashlib
from typing import Any, NoReturn, cast

import msgspec

from podium.effects.ballots import ballot_of
from podium.engine.asked import Asked, read_asked
from podium.errors import Rejected, UsageError
from podium.gate.approval import Ballot, Refusal, Verdict, refusal
from podium.gate.roles import Voter
from podium.ids import IdSource, NodePath, RunId
from podium.ledger.payload import payload, read_json
from podium.ledger.record import ApprovalGiven, Entry, Payload, Record
from podium.ledger.store import LiveStatus, RunStore
from podium.node.calls import ToolCall
from podium.spec.approval_rule import Terms
from podium.spec.types import Type

Json = Any

LIVE: tuple[LiveStatus, ...] = ("running", "approval", "timer", "signal", "paused", "doubt")

MAX_BALLOTS = 500
"""What can be said to one question, questions back included."""

_TRIES = 20
"""How often an answer is offered again because somebody else was quicker."""

_encode = msgspec.json.Encoder(order="sorted").encode


async def find(store: RunStore, run: RunId, path: NodePath) -> Asked:
    """Return the question of a node that waits for people.

    Raises:
        UsageError: EN011 when it asks nothing.
    """
    waiting = await read_asked(store, run)
    if path not in waiting:
        asked = ", ".join(f"`{other}`" for other in waiting) or "no node"
        raise UsageError("EN011", f"`{path}` of run `{run}` does not wait for an answer", help=f"waiting: {asked}")
    return waiting[path]


async def answer(
    store: RunStore,
    ids: IdSource,
    run: RunId,
    path: NodePath,
    *,
    verdict: Verdict,
    by: str,
    channel: str,
    reason: str = "",
    value: Json = None,
    voter: Voter | None = None,
    to: Voter | None = None,
    now: int = 0,
    seen: str = "",
) -> Record:
    """Say something to what a node asks.

    Args:
        store: Where it is posted.
        ids: For the salts of what is stored.
        run: The run.
        path: The node.
        verdict: A yes with a `value` in place of what was shown is `edited`, also when it is called `approved`.
        by: Who says so, where identities are not configured.
        channel: By what means.
        reason: Why; the question back, or the answer to it.
        value: What takes the place of what was shown: a value, or `{"arguments": {…}}` of a call.
        voter: Who says so, with what they hold; takes the place of `by`.
        to: For `delegated`: who shall decide.
        now: The present time, 0 when the caller does not know it.
        seen: The subject of the question that they had before them, "" for whatever is asked now.

    Raises:
        UsageError: the node asks nothing (EN011), only whether something happened (EN012), or what to do about its
            failure (EN024); this person may not say this (AP080 to AP086).
        Rejected: the run has ended, or somebody else was quicker.
    """
    speaker = voter or Voter(by, assumed=True)
    for _ in range(_TRIES):
        asked = await find(store, run, path)
        _check_kind(asked, run, path)
        seen = _check_seen(asked, path, seen, speaker)
        try:
            return await _post(store, ids, run, asked, _Said(verdict, speaker, channel, reason, value, to, now))
        except Rejected as error:
            if error.code != "ST006" or asked.parked.terms is None or asked.parked.terms.rule.single:
                raise
    raise Rejected("ST006", f"too many people answer `{path}` at once", help="try again")


def _check_kind(asked: Asked, run: RunId, path: NodePath) -> None:
    if asked.parked.reason == "doubt":
        raise UsageError(
            "EN012",
            f"`{path}` asks whether its effect happened, not for approval",
            help=f"use `podium runs resume {run} --landed {path}` or `--not-landed {path}`",
        )
    if asked.parked.reason == "ask":
        raise UsageError(
            "EN024",
            f"`{path}` failed and asks what to do now, not for approval",
            help=f"use `podium runs override {run} {path}` with `--retry`, `--output`, `--skip` or `--abort`",
        )


def _check_seen(asked: Asked, path: NodePath, seen: str, speaker: Voter) -> str:
    """Return the subject of what is asked.

    Raises:
        UsageError: AP083 when it is another one than what was seen.
    """
    terms = asked.parked.terms
    if terms is None:
        return seen
    if seen and seen != terms.subject:
        _refuse(path, terms, asked, "other", speaker.name)
    return terms.subject


class _Said(msgspec.Struct, frozen=True):
    verdict: Verdict
    voter: Voter
    channel: str
    reason: str
    value: Json
    to: Voter | None
    now: int


async def _post(store: RunStore, ids: IdSource, run: RunId, asked: Asked, said: _Said) -> Record:
    path, terms, voter = NodePath(asked.record.path), asked.parked.terms, said.voter
    question = await _question(store, run, asked)
    verdict, request = _changed(path, question, said, effect=terms is not None and terms.effect)
    ballot = Ballot(
        verdict=verdict,
        voter=voter,
        at=said.now or asked.record.at,
        subject=terms.subject if terms is not None else "",
        to=said.to.name if said.to is not None else "",
    )
    if terms is not None:
        _check(path, terms, asked, ballot, said.to)
    stored = payload(_encode({"reason": said.reason, "value": said.value}), ids)
    body = ApprovalGiven(
        verdict=verdict,
        by=voter.name,
        channel=said.channel,
        answer=stored.ref,
        roles=voter.roles,
        groups=voter.groups,
        assumed=voter.assumed,
        subject=ballot.subject,
        to=ballot.to,
        request=request,
    )
    return await _write(store, run, asked, body, stored)


async def _write(store: RunStore, run: RunId, asked: Asked, body: ApprovalGiven, stored: Payload) -> Record:
    path, terms, before = NodePath(asked.record.path), asked.parked.terms, len(asked.ballots)
    key = f"answer:{path}:{asked.record.seq}" + (f":{before}" if before else "")
    record = await store.post(run, Entry(body=body, path=path, key=key, payloads=(stored,)), when=LIVE)
    if terms is not None and (refused := refusal(terms, asked.ballots, ballot_of(body, record.at))):
        _refuse(path, terms, asked, refused, body.by)
    return record


async def _question(store: RunStore, run: RunId, asked: Asked) -> dict[str, Json]:
    ref = asked.parked.question
    found: Json = read_json(await store.payload(run, ref)) if ref is not None else None
    return cast("dict[str, Json]", found) if isinstance(found, dict) else {}


def _changed(path: NodePath, question: dict[str, Json], said: _Said, *, effect: bool) -> tuple[Verdict, str]:
    """Return what is said, and for a changed call the hash of it.

    Raises:
        UsageError: AP086 when the value is not one that can be given here.
    """
    if said.verdict not in ("approved", "edited"):
        return said.verdict, ""
    schema = question.get("schema")
    if schema is not None:
        problems = Type(schema).problems(said.value)
        if problems:
            raise UsageError("AP086", f"`{path}` wants a value: {problems[0]}", help="give one with `--value JSON`")
        return "approved", ""
    if said.value is None:
        return "approved", ""
    if not effect:
        return "edited", ""
    call, changed = question.get("call"), said.value
    if not (
        isinstance(call, dict) and isinstance(changed, dict) and set(cast("dict[str, Json]", changed)) == {"arguments"}
    ):
        raise UsageError(
            "AP086",
            f"of what `{path}` asks only the arguments can be changed",
            help="give all of them: `--value '{\"arguments\": {…}}'`",
        )
    try:
        edited = msgspec.convert({**cast("dict[str, Json]", call), **cast("dict[str, Json]", changed)}, ToolCall)
    except msgspec.ValidationError as error:
        raise UsageError("AP086", f"that is no call: {error}", help="give the arguments by name") from None
    return "edited", hashlib.sha256(_encode(edited)).hexdigest()


def _check(path: NodePath, terms: Terms, asked: Asked, ballot: Ballot, to: Voter | None) -> None:
    if len(asked.ballots) >= MAX_BALLOTS:
        raise UsageError("AP084", f"too much was said to `{path}` already", help="approve or reject it")
    if refused := refusal(terms, asked.ballots, ballot):
        _refuse(path, terms, asked, refused, ballot.voter.name)
    if ballot.verdict == "delegated":
        _check_delegate(path, terms, asked, ballot, to)


def _check_delegate(path: NodePath, terms: Terms, asked: Asked, ballot: Ballot, to: Voter | None) -> None:
    """Nobody hands on a right to somebody who does not have it."""
    would = None
    if to is not None and to.name != ballot.voter.name:
        would = Ballot(verdict="approved", voter=to, at=ballot.at, subject=ballot.subject)
    if would is None or refusal(terms, (*asked.ballots, ballot), would):
        name = to.name if to is not None else ""
        raise UsageError(
            "AP085", f"`{name}` may not decide about `{path}`", help="name somebody else who may, or answer it yourself"
        )


_WHY: dict[Refusal, tuple[str, str, str]] = {
    "expired": ("AP082", "the question of `{path}` has ended, `{by}` is too late", "run it again to be asked again"),
    "decided": ("AP083", "`{path}` has been decided already", "`podium runs show` tells by whom"),
    "other": ("AP083", "`{path}` asks something else by now", "look at it again"),
    "stranger": ("AP080", "`{by}` is nobody whom this installation knows", "add them under `[people]` in podium.toml"),
    "unnamed": (
        "AP080",
        "nobody vouches for who `{by}` is",
        "this installation knows its people: answer as one of them",
    ),
    "excluded": ("AP081", "`{by}` must not decide about `{path}`: four eyes are wanted", "let somebody else answer"),
    "no_right": ("AP080", "`{by}` may not decide about `{path}` now", "{asked}"),
    "twice": ("AP084", "`{by}` has agreed to `{path}` already", "somebody else must agree, too"),
    "given_away": (
        "AP084",
        "`{by}` left `{path}` to somebody else",
        "take that back first: `podium approve --retract`",
    ),
    "nothing_said": ("AP084", "`{by}` has said nothing to `{path}` that could be taken back", ""),
    "needs_more": (
        "AP086",
        "several people must agree to what `{path}` shows, so none of them can change it",
        "reject it and say what should be different",
    ),
}


def _refuse(path: NodePath, terms: Terms, asked: Asked, why: Refusal, by: str) -> NoReturn:
    code, message, step = _WHY[why]
    stage = terms.rule.in_turn[asked.standing(0).stage]
    who = [*(f"role `{name}`" for name in stage.roles), *(f"group `{name}`" for name in stage.groups), *stage.people]
    raise UsageError(
        code,
        message.format(path=path, by=by),
        help=step.format(asked="asked is: " + (", ".join(who) or "anybody whom this installation knows")),
    )
