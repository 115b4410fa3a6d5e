"""Approval: what a question has come to, given who said what.

A pure fold over the answers in the order in which they were recorded (`judge`). What is always true:

1. Only what somebody says who may say it counts, by what they held when they said it. Whatever else stands in the
   evidence (a stranger, somebody whom four eyes exclude, an answer to another question, one that came too late) is as
   if it had not been said.
2. A person counts once, over all stages. A stage is reached when the one before it has as many voices as it needs;
   within a stage the order means nothing.
3. One no of somebody who may decide at this stage, or who has a veto, ends it. So does silence.
4. After the end nothing counts any more.

```python
judge(Terms(at=0, rule=Rule(stages=(Voters(roles=("legal",), count=2),))), ballots, now=5).state   # "pending"
```
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from podium.gate.decision import Obligation
from podium.gate.roles import Directory, Voter, belongs
from podium.spec.approval import DEFAULT_EXPIRES
from podium.spec.approval_rule import ANYBODY, Rule, Terms, Voters
from podium.spec.label import Label
from podium.units import parse_duration

Verdict = Literal["approved", "edited", "rejected", "delegated", "retracted", "asked", "told"]
"""`edited`: approved with changes. `asked`, `told`: a question back, and what was said to it."""

State = Literal["pending", "approved", "edited", "rejected", "expired"]

Refusal = Literal[
    "",
    "decided",
    "expired",
    "other",  # it is about another question
    "stranger",
    "unnamed",  # identities are configured, and nobody vouches for this one
    "excluded",
    "no_right",
    "twice",
    "given_away",
    "nothing_said",
    "needs_more",  # one of several voices cannot change what the others agree to
]
"""Why an answer does not count; "" when it does."""


class Ballot(Struct, frozen=True, kw_only=True, gc=False):
    """What one person said, as it is recorded.

    Attributes:
        at: In milliseconds since the epoch.
        subject: Digest of what they had before them.
        to: For `delegated`: the person who shall decide instead.
    """

    verdict: Verdict
    voter: Voter
    at: int
    subject: str = ""
    to: str = ""


class Standing(Struct, frozen=True, kw_only=True):
    """What a question has come to.

    Attributes:
        stage: Which stage is asked, from 0.
        missing: How many voices it still needs there.
        yes: Who has agreed, at any stage.
        gone: Who left it to somebody else, `{name: to}`.
        asked: Somebody wants to know more, and nobody has told them.
    """

    state: State
    stage: int = 0
    missing: int = 0
    yes: tuple[str, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    asked: bool = False


class Subject(Struct, frozen=True, kw_only=True):
    """Exactly what is asked about.

    Attributes:
        effect: The idempotency key of a call, "" for the question of a node.
        request: SHA-256 (hex) of the call, or of the question, as it was encoded.
        arguments: The labels of the arguments of a call.
        policies: Digest of the policies in force.
    """

    run: str
    node: str
    effect: str = ""
    name: str = ""
    target: str = ""
    request: str = ""
    label: Label | None = None
    arguments: tuple[tuple[str, Label], ...] = ()
    policies: str = ""


_encode = msgspec.json.Encoder(order="sorted").encode


def digest(subject: Subject) -> str:
    """Return the SHA-256 (hex) that stands for a subject in questions and answers."""
    return hashlib.sha256(_encode(subject)).hexdigest()


def judge(terms: Terms, ballots: Iterable[Ballot], *, now: int) -> Standing:
    """Return what a question has come to."""
    count = _Count(terms)
    for ballot in ballots:
        count.add(ballot)
    return count.standing(now)


def refusal(terms: Terms, ballots: Sequence[Ballot], ballot: Ballot) -> Refusal:
    """Return why one more answer would not count, "" when it would."""
    count = _Count(terms)
    for earlier in ballots:
        count.add(earlier)
    return count.add(ballot)


def may_decide(terms: Terms, ballots: Sequence[Ballot], voter: Voter, *, now: int) -> bool:
    """Whether a yes of somebody would count now."""
    return not refusal(terms, ballots, Ballot(verdict="approved", voter=voter, at=now, subject=terms.subject))


def asked_now(terms: Terms, standing: Standing, *, now: int) -> tuple[Voters, ...]:
    """Return who may answer now: the stage that is asked, and whoever is asked besides by now."""
    stages = terms.rule.in_turn
    stage = stages[min(standing.stage, len(stages) - 1)]
    return (stage, *(step.to for step in terms.rule.steps if terms.at + step.after_ms <= now))


@dataclass(slots=True)
class _Count:
    terms: Terms
    state: State = "pending"
    stage: int = 0
    here: list[str] = field(default_factory=list[str])
    earlier: list[str] = field(default_factory=list[str])
    gone: dict[str, str] = field(default_factory=dict[str, str])
    asked: bool = False

    def add(self, ballot: Ballot) -> Refusal:
        """Take one answer, and say why it does not count."""
        refused = self._refused(ballot)
        if not refused:
            self._take(ballot)
        return refused

    def standing(self, now: int) -> Standing:
        due = self.terms.due
        state: State = "expired" if self.state == "pending" and 0 < due <= now else self.state
        stages = self.terms.rule.in_turn
        missing = stages[self.stage].count - len(self.here) if state == "pending" else 0
        return Standing(
            state=state,
            stage=self.stage,
            missing=missing,
            yes=(*self.earlier, *self.here),
            gone=tuple(self.gone.items()),
            asked=self.asked and state == "pending",
        )

    def _refused(self, ballot: Ballot) -> Refusal:
        terms, voter = self.terms, ballot.voter
        if self.state != "pending":
            return "decided"
        if 0 < terms.due <= ballot.at:
            return "expired"
        if ballot.subject != terms.subject:
            return "other"
        if ballot.verdict == "told":
            return ""  # words alone; whoever started the run need not be one of those who decide
        if voter.stranger:
            return "stranger"
        if voter.assumed and terms.named:
            return "unnamed"
        if voter.name in terms.excluded:
            return "excluded"
        return self._no_right(ballot)

    def _no_right(self, ballot: Ballot) -> Refusal:
        name, verdict = ballot.voter.name, ballot.verdict
        if verdict == "retracted":
            return "" if name in self.here or name in self.gone else "nothing_said"
        if verdict == "rejected" and self._has_veto(ballot.voter):
            return ""
        if not self._may(ballot):
            return "no_right"
        if name in self.gone:
            return "given_away"
        if verdict in ("approved", "edited", "delegated") and name in (*self.here, *self.earlier):
            return "twice"
        if verdict == "edited" and not (self.terms.effect or self.terms.rule.single):
            return "needs_more"
        return ""

    def _may(self, ballot: Ballot) -> bool:
        stage = self.terms.rule.in_turn[self.stage]
        late = (step.to for step in self.terms.rule.steps if self.terms.at + step.after_ms <= ballot.at)
        return any(belongs(ballot.voter, voters) for voters in (stage, *late))

    def _has_veto(self, voter: Voter) -> bool:
        veto = self.terms.rule.veto
        return bool(veto) and belongs(voter, Voters(roles=veto))

    def _take(self, ballot: Ballot) -> None:
        name = ballot.voter.name
        match ballot.verdict:
            case "rejected":
                self.state = "rejected"
            case "edited":
                self.state = "edited"
                self.here.append(name)
            case "approved":
                self._agree(name)
            case "delegated":
                self.gone[name] = ballot.to
            case "retracted":
                self.gone.pop(name, None)
                self.here = [other for other in self.here if other != name]
            case "asked" | "told":
                self.asked = ballot.verdict == "asked"

    def _agree(self, name: str) -> None:
        self.here.append(name)
        stages = self.terms.rule.in_turn
        if len(self.here) < stages[self.stage].count:
            return
        if self.stage + 1 == len(stages):
            self.state = "approved"
            return
        self.stage += 1
        self.earlier += self.here
        self.here = []


def joined(rules: Iterable[Rule]) -> Rule:
    """Return the rule that is kept when all of these are.

    What one rule demands and another one demands too is asked once; everything else is asked in turn.
    """
    found = list(dict.fromkeys(rules))
    counts: dict[Voters, int] = {}
    for stage in (stage for rule in found for stage in rule.in_turn):
        who = replace(stage, count=1)
        counts[who] = max(counts.get(who, 0), stage.count)
    if len(counts) > 1 and counts.get(ANYBODY) == 1:
        del counts[ANYBODY]  # somebody in particular is somebody
    asked = tuple(replace(who, count=count) for who, count in counts.items())
    ends = [rule.ends_ms for rule in found if rule.ends_ms]
    reminders = [rule.remind_ms for rule in found if rule.remind_ms]
    overdue = [rule.overdue_ms for rule in found if rule.overdue_ms]
    return Rule(
        stages=() if asked == (ANYBODY,) else asked,
        veto=tuple(sorted({role for rule in found for role in rule.veto})),
        four_eyes=tuple(sorted({party for rule in found for party in rule.four_eyes})),
        ends_ms=min(ends) if ends else 0,
        # whoever is asked besides may answer at every stage, so they must be whom every rule would ask
        steps=found[0].steps if len(found) == 1 else (),
        overdue_ms=min(overdue) if overdue and not ends else 0,
        remind_ms=min(reminders) if reminders else 0,
    )


_MS = timedelta(milliseconds=1)
_DAY_MS = DEFAULT_EXPIRES // _MS


def rule_of(obligation: Obligation) -> Rule:
    """Return who must agree, by what an obligation says of it.

    `settings` may name `roles`, `groups`, `people`, `veto` and `four_eyes` (each once with commas, or several times),
    `count`, and `expires` (a duration). What cannot be read demands a voice of nobody, so nobody can give it.
    """
    if obligation.rule is not None:
        return obligation.rule
    said: dict[str, str] = {}
    for key, value in obligation.settings:
        said[key] = f"{said[key]},{value}" if key in said else value
    try:
        voters = Voters(
            roles=_names(said.get("roles", "")),
            groups=_names(said.get("groups", "")),
            people=_names(said.get("people", "")),
            count=max(1, int(said.get("count", "1"))),
        )
        rule = Rule(
            stages=() if voters == ANYBODY else (voters,),
            veto=_names(said.get("veto", "")),
            four_eyes=msgspec.convert(
                _names(said.get("four_eyes", "")), tuple[Literal["requester", "author", "owner"], ...]
            ),
            ends_ms=parse_duration(said["expires"]) // _MS if "expires" in said else _DAY_MS,
        )
    except (ValueError, msgspec.ValidationError):
        return Rule(stages=(Voters(people=(":unreadable",)),), ends_ms=_DAY_MS)
    return rule


def _names(text: str) -> tuple[str, ...]:
    return tuple(sorted({name.strip() for name in text.split(",") if name.strip()}))


def held_now(ballots: Iterable[Ballot], directory: Directory) -> tuple[Ballot, ...]:
    """Return the answers by what their authors held then and still hold; those who are nobody any more are left out."""
    if not directory.configured:
        return tuple(ballots)
    found: list[Ballot] = []
    for ballot in ballots:
        now = directory.named(ballot.voter.name)
        if now is None or ballot.voter.assumed:
            continue
        roles = tuple(role for role in ballot.voter.roles if role in now.roles)
        groups = tuple(group for group in ballot.voter.groups if group in now.groups)
        found.append(replace(ballot, voter=Voter(now.name, roles, groups)))
    return tuple(found)
