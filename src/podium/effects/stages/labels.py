"""Labels: may what this call is made of go where it goes?

What may not is denied and recorded; what needs a person's word becomes an obligation, which the approval stage
fulfils.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.effect import CallLabels, Effect, Proceed, refuse
from podium.effects.outbox import twin_of
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied
from podium.gate.decision import Obligation
from podium.gate.flow import Flow, flows
from podium.gate.labels import Label
from podium.gate.leaves import inner, linked
from podium.gate.sinks import Sink, tool_sink
from podium.node.calls import CodeCall, Reply, RunCall, ToolCall

_UNKNOWN = Sink("", "", "irreversible", None)
"""A tool that nobody granted; policy denies it, and until then it is the worst that it could be."""


@dataclass(frozen=True, slots=True)
class Labels:
    """See the module's rules."""

    clock: Clock
    safeguards: Safeguards

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Label the call, then deny, oblige, or go on."""
        sink, given = self._sink(effect), effect.labels
        lattice = self.safeguards.lattice
        effect.label = lattice.join(given.read, given.control)
        call = effect.call
        arguments = _arguments(call, given, sink) if isinstance(call, ToolCall) else {}
        for flow in flows(
            lattice, sink, control=given.control, read=given.read, arguments=arguments, choice=given.choice
        ):
            if flow.denied:
                await refuse(effect, flow.reason, at=self.clock.now())
                raise _denied(effect.name, flow, sink)
            effect.obligations.append(Obligation(kind="approval", reason=flow.reason, about=_why(effect, flow)))
        if isinstance(call, ToolCall) and (twin := twin_of(effect)) is not None:
            await self._check_twin(effect, tool_sink(twin, call.function))
        return await proceed(effect)

    async def _check_twin(self, effect: Effect, sink: Sink) -> None:
        """Deny what the double of a tool may not see; it is called in the tool's place."""
        given = effect.labels
        for flow in flows(self.safeguards.lattice, sink, control=given.control, read=given.read, arguments={}):
            if flow.denied:
                await refuse(effect, flow.reason, at=self.clock.now())
                raise _denied(f"the twin of {effect.name}", flow, sink)

    def _sink(self, effect: Effect) -> Sink:
        call = effect.call
        if isinstance(call, ToolCall):
            grant = effect.grants.get(call.tool)
            return tool_sink(grant, call.function) if grant is not None else _UNKNOWN
        if isinstance(call, RunCall):
            return Sink(self.safeguards.lattice.levels[-1], "", "write", ("run",))  # it stays in this installation
        if isinstance(call, CodeCall):
            return Sink(self.safeguards.lattice.levels[-1], "", "none", None)  # it reaches nothing at all
        declared = self.safeguards.model(effect.target)
        return Sink(declared.clearance, declared.region, "read", None)


def _arguments(call: ToolCall, given: CallLabels, sink: Sink) -> dict[str, Label]:
    """Return the label of each argument, and of what decides inside one: links in a text, fields of an object."""
    found = {name: given.arguments.get(name, given.read) for name in call.arguments}
    for name, argument in linked(sink.critical, call.arguments):
        found[name] = given.arguments.get(name, found[argument])
    for argument, value in call.arguments.items():
        trusted = found[argument].trusted and given.control.trusted
        if isinstance(value, dict | list) and not trusted and not sink.is_critical(argument):
            found.update((name, found[argument]) for name in inner(argument, value) if sink.is_critical(name))
    return found


def _denied(name: str, flow: Flow, sink: Sink) -> EffectDenied:
    sources = ", ".join(flow.label.sources) or "the run"
    if flow.rule == "confidentiality":
        message = f"`{name}` is not cleared for level `{flow.label.level}`, which comes from {sources}"
        return EffectDenied("GA006", message, help="leave that value out, or raise the tool's `clearance`")
    message = f"`{name}` is in region `{sink.region}`, where what comes from {sources} may not go"
    return EffectDenied("GA007", message, help="use a tool or model in an allowed region")


def _why(effect: Effect, flow: Flow) -> str:
    sources = ", ".join(flow.label.sources) or "an untrusted source"
    if flow.rule == "untrusted_argument":
        return f"`{flow.argument}` of `{effect.name}` comes from {sources}, which nobody vouches for"
    if flow.rule == "untrusted_choice":
        return f"a model that had read what {sources} said called `{effect.name}`, which it had not planned to"
    return f"`{effect.name}` is called because of what {sources} said, which nobody vouches for"
