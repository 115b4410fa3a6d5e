"""Tools that do what the test says, in a world that outlives every crash.

```python
world = World()
world.on("mail.send", lambda arguments: {"id": 1})
...
assert world.landed("mail.send") == [{"to": "ada"}]
```

The world is what is outside the process: it remembers every call that reached it, with its idempotency key. A
`keyed` function keeps its promise: a second call with the same key does nothing and returns the first result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from podium.effects.ports import FunctionInfo, Progress
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ToolReply
from podium.spec.model import EffectClass, ToolSpec
from podium.spec.types import Type

Json = Any
Behaviour = Callable[[Mapping[str, Json]], Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """A call that reached the world and had its effect."""

    name: str
    arguments: Mapping[str, Json]
    key: EffectKey


@dataclass(slots=True)
class World:
    """See the module's rules.

    Attributes:
        calls: Every physical call, also those that had no effect because their key was known.
        effects: Calls that had their effect.
        claims: What a function says that it does, by `grant.function`; nothing for those that are not here.
    """

    behaviours: dict[str, Behaviour] = field(default_factory=dict[str, Behaviour])
    calls: list[Landed] = field(default_factory=list[Landed])
    effects: list[Landed] = field(default_factory=list[Landed])
    keyed: dict[EffectKey, Json] = field(default_factory=dict[EffectKey, Json])
    claims: dict[str, EffectClass] = field(default_factory=dict[str, EffectClass])

    def on(self, name: str, behaviour: Behaviour | Json) -> None:
        """Say what `grant.function` returns: a value, or a function of the arguments that may raise."""
        self.behaviours[name] = behaviour if callable(behaviour) else lambda _arguments: behaviour

    def landed(self, name: str) -> list[Mapping[str, Json]]:
        """Return the arguments of the calls of `name` that had their effect, in order."""
        return [effect.arguments for effect in self.effects if effect.name == name]

    def call(self, name: str, arguments: Mapping[str, Json], key: EffectKey, *, keyed: bool) -> Json:
        """Let a call reach the world."""
        call = Landed(name=name, arguments=dict(arguments), key=key)
        self.calls.append(call)
        if keyed and key in self.keyed:
            return self.keyed[key]
        value = self.behaviours[name](arguments)
        self.effects.append(call)
        if keyed:
            self.keyed[key] = value
        return value


class ScriptedTool:
    """The `ToolPort` of one grant."""

    def __init__(self, grant: str, spec: ToolSpec, world: World) -> None:
        self._grant = grant
        self._spec = spec
        self._world = world

    @property
    def target(self) -> str:
        return f"scripted/{self._grant}"

    async def functions(self) -> Mapping[str, FunctionInfo]:
        prefix = f"{self._grant}."
        names = [name.removeprefix(prefix) for name in self._world.behaviours if name.startswith(prefix)]
        claims = self._world.claims
        return {
            name: FunctionInfo(
                name=name, about="", parameters={}, result=Type.any(), effect=claims.get(f"{prefix}{name}")
            )
            for name in names
        }

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        del timeout_s, progress  # it answers at once
        name = f"{self._grant}.{function}"
        if name not in self._world.behaviours:
            raise EffectError("EF011", f"tool `{self._grant}` has no function `{function}`", kind="invalid_input")
        special = self._spec.functions.get(function)
        delivery = (special.delivery if special else None) or self._spec.delivery
        return ToolReply(value=self._world.call(name, arguments, key, keyed=delivery == "keyed"))

    async def close(self) -> None:
        return


class ScriptedTools:
    """The `Tools` of a test: every grant leads into the same world."""

    def __init__(self, world: World | Mapping[str, Behaviour | Json] | None = None) -> None:
        self.world = world if isinstance(world, World) else World()
        if not isinstance(world, World):
            for name, behaviour in (world or {}).items():
                self.world.on(name, behaviour)

    def open(self, grant: str, spec: ToolSpec) -> ScriptedTool:
        return ScriptedTool(grant, spec, self.world)
