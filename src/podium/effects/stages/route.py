"""Route: which model answers, which server is called.

Until there is a catalogue the installation's one model is the only candidate. A tool that is not granted has no
target; the policy stage says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.effects.effect import Effect, Proceed
from podium.effects.ports import Models, Sandboxes, TellsIdentity, Tools
from podium.node.calls import CodeCall, ModelCall, Reply, RunCall

MODEL_LIMIT_S = 600.0
"""The longest a model may take when the node says nothing."""

RUN_LIMIT_S = 60.0
"""The longest that starting another run may take."""


@dataclass(frozen=True, slots=True)
class Route:
    """Sets `target` and the port."""

    models: Models
    tools: Tools
    sandboxes: Sandboxes

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Choose, then go on."""
        call = effect.call
        if isinstance(call, ModelCall):
            effect.model = await self.models.choose(call)
            effect.target = effect.model.name
            effect.limit_s = MODEL_LIMIT_S
        elif isinstance(call, RunCall):
            effect.target = call.workflow or call.run
            effect.limit_s = RUN_LIMIT_S
        elif isinstance(call, CodeCall):
            effect.sandbox = await self.sandboxes.choose(call)
            effect.target = effect.sandbox.target
            effect.limit_s = call.limits.wall_ms / 1000
        elif (grant := effect.grants.get(call.tool)) is not None:
            port = self.tools.open(call.tool, grant)
            # in whose names it is called is told where the grant says so, and only there
            effect.tool = port.acting(effect.chain) if grant.acts and isinstance(port, TellsIdentity) else port
            effect.target = effect.tool.target
            effect.limit_s = grant.timeout.total_seconds()
        if effect.timeout_s is not None:
            effect.limit_s = min(effect.limit_s, effect.timeout_s)
        return await proceed(effect)
