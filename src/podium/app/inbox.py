"""What waits for people, over all runs: open questions with their words, and whether this person may answer them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple, cast

from msgspec import Struct

from podium.app.asking import runs_that_may_ask
from podium.app.overview import read_json
from podium.engine.asked import Asked, read_asked
from podium.gate.approval import Ballot, Standing, asked_now, refusal
from podium.gate.roles import Voter
from podium.ids import NodePath, RunId
from podium.ledger.store import RunRow, RunStore
from podium.spec.approval_rule import Terms, Voters
from podium.units import format_duration

Json = Any

MAX_SAID = 20
"""Words that people have said to one question, the last ones."""


class Said(Struct, frozen=True, kw_only=True):
    """What somebody said to a question, with their words."""

    by: str
    verdict: str
    at: int
    words: str = ""
    to: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """An open question.

    Attributes:
        show: What it is about.
        call: The call that it is about, whole; None for the question of a node.
        terms: Who must agree; None for a question that the first answer ends.
        standing: What it has come to.
        mine: Whether a yes of this person would count now.
    """

    run: RunId
    workflow: str
    path: NodePath
    text: str
    show: Json
    call: Json
    asked_at: int
    terms: Terms | None
    standing: Standing
    mine: bool
    said: tuple[Said, ...] = ()

    @property
    def due(self) -> int:
        """When it ends, 0 for never."""
        return self.terms.due if self.terms is not None else 0


class Inbox(NamedTuple):
    """The longest waiting first; `whole` when all runs that there are were looked at."""

    items: tuple[Item, ...]
    whole: bool


async def read_inbox(store: RunStore, voter: Voter, *, now: int, workflow: str = "", everybody: bool = False) -> Inbox:
    """Return the open questions that somebody may answer now, or those of everybody; the longest waiting first."""
    found: list[Item] = []
    asking = await runs_that_may_ask(store, workflow=workflow)
    for row in asking.rows:
        found.extend(item for item in await read_items(store, row, voter, now=now) if everybody or item.mine)
    return Inbox(tuple(sorted(found, key=lambda item: (item.asked_at, item.run, item.path))), whole=asking.whole)


async def read_items(store: RunStore, row: RunRow, voter: Voter, *, now: int) -> tuple[Item, ...]:
    """Return the open questions of one run."""
    asked = await read_asked(store, row.id)
    return tuple(
        [
            await _item(store, row, path, one, voter, now)
            for path, one in asked.items()
            if one.parked.reason == "approval"
        ]
    )


async def _item(store: RunStore, row: RunRow, path: NodePath, asked: Asked, voter: Voter, now: int) -> Item:  # noqa: PLR0917 - one of each
    question = await read_json(store, row.id, asked.parked.question)
    told = cast("dict[str, Json]", question) if isinstance(question, dict) else {"text": str(question or "")}
    terms = asked.parked.terms
    return Item(
        run=row.id,
        workflow=row.workflow,
        path=path,
        text=str(told.get("text", "")),
        show=told.get("show"),
        call=told.get("call"),
        asked_at=asked.record.at,
        terms=terms,
        standing=asked.standing(now),
        mine=terms is None or not refusal(terms, asked.ballots, _yes(terms, voter, now)),
        said=await _said(store, row.id, asked),
    )


def _yes(terms: Terms, voter: Voter, now: int) -> Ballot:
    return Ballot(verdict="approved", voter=voter, at=now, subject=terms.subject)


async def _said(store: RunStore, run: RunId, asked: Asked) -> tuple[Said, ...]:
    found: list[Said] = []
    for record, body in asked.answers[-MAX_SAID:]:
        told = await read_json(store, run, body.answer)
        words = str(cast("dict[str, Json]", told).get("reason", "")) if isinstance(told, dict) else str(told or "")
        found.append(Said(by=body.by, verdict=body.verdict, at=record, words=words, to=body.to))
    return tuple(found)


def who(voters: Voters) -> str:
    """Return whom a stage means, in words."""
    names = [
        *(f"role {name}" for name in voters.roles),
        *(f"group {name}" for name in voters.groups),
        *voters.people,
    ]
    return " or ".join(names) or "anybody"


def conditions(item: Item, *, now: int) -> list[str]:
    """Return who must answer and until when, a line each; nothing where anybody may, and nothing else is to be said."""
    terms, standing = item.terms, item.standing
    if terms is None:
        return []
    stages, lines = terms.rule.in_turn, list[str]()
    asked = " or ".join(who(voters) for voters in asked_now(terms, standing, now=now))
    if not (terms.rule.single and stages[0].anybody):
        step = f" (stage {standing.stage + 1} of {len(stages)})" if len(stages) > 1 else ""
        lines.append(f"needs {standing.missing} of: {asked}{step}")
    if standing.yes:
        lines.append("agreed: " + ", ".join(standing.yes))
    if terms.rule.veto:
        lines.append("a no ends it from: " + ", ".join(terms.rule.veto))
    if terms.excluded:
        lines.append("must not decide: " + ", ".join(terms.excluded))
    lines += [f"left to {to} by {name}" for name, to in standing.gone]
    if terms.due:
        lines.append(f"{_left(terms.due - now)}, then it is denied")
    elif terms.rule.overdue_ms:
        late = terms.at + terms.rule.overdue_ms <= now
        lines.append("overdue; it waits until somebody answers" if late else "it waits until somebody answers")
    lines += [f"{one.by} {_VERBS.get(one.verdict, one.verdict)}: {one.words}" for one in item.said if one.words]
    return lines


_VERBS = {"asked": "asks", "told": "says", "approved": "agreed", "edited": "agreed", "delegated": "left it"}


def _left(ms: int) -> str:
    seconds = max(0, ms // 1000)
    minutes = seconds // 60
    left = timedelta(minutes=minutes) if minutes else timedelta(seconds=seconds)
    return f"open for {format_duration(left)}" if seconds else "its time is over"
