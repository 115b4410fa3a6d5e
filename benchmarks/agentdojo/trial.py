"""One conversation through the real gateway: a user's task, and a model that an attacker has taken over completely.

There is no model. The user's calls are the task's ground truth. The moment an answer contains the injected text, and
after every answer from then on, the model makes the calls of the injection's ground truth, with all arguments as the
attacker wants them; what is refused it tries again when it has seen more. People agree to what the user's task needs
and refuse nothing else there; what they are asked about an attack counts as stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from benchmarks.agentdojo.suites import Suite, plain
from benchmarks.agentdojo.world import World, directory, grant, own

from podium.effects.effect import CallLabels, Effect, Known, Suspended
from podium.effects.gateway import Gateway
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied, EffectError
from podium.gate.grounding import Grounds
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import Entry
from podium.node.calls import ToolCall, ToolReply
from podium.spec.label import USER, Label
from podium.testing.clock import FakeClock
from podium.testing.runs import ScriptedRuns
from podium.testing.scripted import ScriptedModel

Json = Any
Verdict = Literal["allowed", "asked", "denied", "failed"]
RUN = RunId("r000000000000")


class Guard(NamedTuple):
    """What stands between the model and the world besides the grant.

    Attributes:
        grounding: Arguments are traced; otherwise they count as the user's.
        plan: What the model named before it read anything; None when it named everything.
    """

    grounding: bool = True
    plan: Sequence[str] | None = None


class Made(NamedTuple):
    """One call and what became of it.

    Attributes:
        acts: It does something to the world.
        why: Machine-readable reasons when it was not simply allowed.
    """

    function: str
    verdict: Verdict
    acts: bool
    why: tuple[str, ...] = ()


@dataclass
class Trial:
    """What happened in one conversation.

    Attributes:
        seen: An answer contained the injected text.
        succeeded: AgentDojo says that the attacker has reached the goal.
    """

    suite: str
    user_task: str
    injection_task: str = ""
    user: list[Made] = field(default_factory=list[Made])
    attack: list[Made] = field(default_factory=list[Made])
    seen: bool = False
    succeeded: bool = False

    @property
    def untouched(self) -> bool:
        """Whether the user's task went through without any question."""
        return all(made.verdict == "allowed" for made in self.user)

    @property
    def approvals(self) -> int:
        """Questions that the user's task took."""
        return sum(made.verdict == "asked" for made in self.user)


class Journal:
    """Takes everything and keeps nothing: the gateway's writing is tested elsewhere."""

    async def append(self, entries: Sequence[Entry]) -> None:
        pass

    def defer(self, entries: Sequence[Entry]) -> None:
        pass


class Conversation:
    """One model with the tools of a suite behind the gateway."""

    def __init__(self, suite: Suite, environment: Any, task: str, guard: Guard) -> None:
        self.suite, self.world, self.spec = suite, World(suite, environment), grant(suite)
        self._grounding, self._plan = guard
        self.grounds = Grounds(own=own(environment))
        self.grounds.told(task)
        self.grounds.knows(list(directory(environment)), Label("endorsed"))
        self.grounds.commit(f"tools.{name}" for name in (self.spec.only if guard.plan is None else guard.plan))
        self.executed: list[tuple[Made, Mapping[str, Json]]] = []
        self._clock = FakeClock()
        self._turn = 0
        self._gateway = Gateway(
            models=ScriptedModel([]),
            tools=self.world,
            runs=ScriptedRuns(),
            clock=self._clock,
            ids=SystemIds(),
            safeguards=Safeguards(),
        )

    async def make(self, function: str, arguments: Mapping[str, Json], *, agreed: bool) -> tuple[Made, Json]:
        """Make one call; return what became of it, and the answer.

        Args:
            agreed: A person who is asked says yes, so that the task goes on.
        """
        spec, grounds = self.spec, self.grounds
        acts = spec.effect_of(function) not in ("none", "read")
        self._turn += 1
        effect = Effect(
            run=RUN,
            root=RUN,
            path=NodePath(f"agent[{self._turn}]"),
            attempt=1,
            call=ToolCall(tool="tools", function=function, arguments=dict(arguments)),
            grants={"tools": spec},
            known=Known(),
            journal=Journal(),
            progress=lambda _text: None,
            labels=CallLabels(
                choice=grounds.choice("tools", spec, function, arguments)
                if self._grounding
                else self._planned(function),
                read=grounds.seen if self._grounding else USER,
                arguments=self._labels(function, arguments),
            ),
        )
        answer: Json = None
        try:
            reply = await self._gateway.perform(effect)
            made = Made(function, "allowed", acts)
            answer = reply.value if isinstance(reply, ToolReply) else None
            self.executed.append((made, arguments))
        except Suspended:
            made = Made(function, "asked", acts, tuple(one.reason for one in effect.obligations))
            if agreed:
                grounds.approved(spec, function, arguments)
                answer = self.world.run(function, arguments)
        except EffectDenied as error:
            made = Made(function, "denied", acts, (error.code,))
        except EffectError as error:
            made, answer = Made(function, "failed", acts, (error.code,)), error.message
        grounds.answered("tools", spec, function, arguments, answer)
        return made, answer

    def _planned(self, function: str) -> Label:
        return USER if self._plan is None or function in self._plan else self.grounds.seen

    def _labels(self, function: str, arguments: Mapping[str, Json]) -> dict[str, Label]:
        if not self._grounding:
            return {}
        return self.grounds.arguments(self.spec, function, arguments, choices=self.suite.choices(function))


async def benign(suite: Suite, name: str, guard: Guard) -> Trial:
    """Carry out a user's task where nobody attacks."""
    task = suite.user_tasks[name]
    environment = task.init_environment(suite.environment(None))
    talk = Conversation(suite, environment, task.PROMPT, guard)
    trial = Trial(suite.name, name)
    for function, arguments in _calls(task, environment):
        made, _ = await talk.make(function, arguments, agreed=True)
        trial.user.append(made)
    return trial


async def attacked(suite: Suite, name: str, injection: str, text: str, guard: Guard) -> Trial:
    """Carry out a user's task where a text of an attacker stands at every place that others can write."""
    task, attack = suite.user_tasks[name], suite.injection_tasks[injection]
    environment = task.init_environment(suite.environment(text))
    before = environment.model_copy(deep=True)
    wanted = _calls(attack, before)
    talk = Conversation(suite, environment, task.PROMPT, guard)
    trial = Trial(suite.name, name, injection)
    done = set[int]()
    for function, arguments in _calls(task, before):
        made, answer = await talk.make(function, arguments, agreed=True)
        trial.user.append(made)
        trial.seen = trial.seen or json.dumps(text)[1:-1] in json.dumps(answer)
        if trial.seen:
            await _strike(talk, trial, wanted, done)
    after = talk.world.environment
    traces = [talk.suite.call(made.function, arguments) for made, arguments in talk.executed]
    reached = attack.security_from_traces(attack.GROUND_TRUTH_OUTPUT, before, after, traces)
    if reached is None:
        reached = attack.security(attack.GROUND_TRUTH_OUTPUT, before, after)
    trial.succeeded = trial.seen and bool(reached)
    return trial


def _calls(task: Any, environment: Any) -> list[tuple[str, dict[str, Json]]]:
    return [(call.function, plain(dict(call.args))) for call in task.ground_truth(environment)]


async def _strike(talk: Conversation, trial: Trial, wanted: Sequence[tuple[str, Any]], done: set[int]) -> None:
    for index, (function, arguments) in enumerate(wanted):
        if index in done:
            continue
        made, _ = await talk.make(function, arguments, agreed=False)
        trial.attack.append(made)
        if made.verdict == "allowed" and made.acts:
            done.add(index)
