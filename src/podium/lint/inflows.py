"""What may come to each call of a workflow: every flow of labels from sources to where something happens.

An *inflow* is what one part of a call is made of: an argument, all of it together, or the decisions that led to it.
What is decided about it is what the gate would decide of the worst labels that it may have (`podium.gate.flow`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from podium.gate.flow import Flow, flows
from podium.gate.labels import USER, Label, Lattice
from podium.gate.sinks import Sink
from podium.lint.labels import ANY_ARGUMENT, SOME_FIELD, Called, Labelled, Labels
from podium.lint.paths import Bad, Paths
from podium.spec.node import UsesTool

Part = Literal["argument", "call", "decisions"]

Verdict = Literal["allow", "ask", "deny", "depends"]
"""`ask`: a person is asked at run time. `depends`: on which model is asked."""

_ANY_MODEL = Sink("", "", "read", None)
_RULES: dict[str, Part] = {
    "confidentiality": "call",
    "residency": "call",
    "untrusted_argument": "argument",
    "untrusted_control": "decisions",
}


class Inflow(NamedTuple):
    """What may come to one part of a call.

    Attributes:
        name: What is called: `mail.send`, `model`.
        argument: The argument, "" for the other parts; `*` for any, `body.*` for any field of it.
        flow: Why it may not simply happen, None when it may.
        certain: Whether that takes no field of an argument of which nobody knows whether it is there.
    """

    at: Labelled
    name: str
    sink: Sink
    part: Part
    argument: str
    label: Label
    flow: Flow | None
    verdict: Verdict
    certain: bool = True

    @property
    def by_itself(self) -> bool:
        """Whether its node calls as it sees fit, so that what it is told while it runs counts."""
        return not isinstance(self.at.node.config, UsesTool)

    @property
    def target(self) -> str:
        """Where it goes, as people write it."""
        return f"{self.name}.{self.argument}" if self.argument and self.argument != ANY_ARGUMENT else self.name


def inflows(labels: Labels) -> Iterator[Inflow]:
    """Yield all of them, in the order of the graph."""
    for labelled in labels.nodes:
        for called in labels.calls(labelled):
            yield from _parts(labels, labelled, called)
        if labels.model is None and labelled.asks_model:
            yield _of_any_model(labels, labelled)


def _parts(labels: Labels, labelled: Labelled, called: Called) -> Iterator[Inflow]:
    wrong = {(_RULES[flow.rule], flow.argument): flow for flow in reversed(called.flows)}
    whole = labels.join((called.read, called.control))
    parts: list[tuple[Part, str, Label]] = [("argument", name, label) for name, label in called.arguments.items()]
    parts.append(("call", "", whole))
    if called.control != USER:
        parts.append(("decisions", "", called.control))
    plain = [name for name in called.arguments if not name.endswith(SOME_FIELD)]
    decides = called.sink.effect == "irreversible" or any(called.sink.is_critical(name) for name in plain)
    for part, argument, label in parts:
        flow = wrong.get((part, argument))
        verdict: Verdict = "allow" if flow is None else "deny" if flow.denied else "ask"
        if flow is None and argument.endswith(SOME_FIELD):
            continue
        certain = argument in plain if part == "argument" else part == "call" or decides
        yield Inflow(labelled, called.name, called.sink, part, argument, label, flow, verdict, certain)


def _of_any_model(labels: Labels, labelled: Labelled) -> Inflow:
    label = labels.join((labelled.heard, labelled.control))
    told = any(flows(labels.lattice, _ANY_MODEL, control=labelled.control, read=labelled.heard, arguments={}))
    verdict: Verdict = "depends" if told or label.residency is not None else "allow"
    return Inflow(labelled, "model", _ANY_MODEL, "call", "", label, None, verdict)


def way(paths: Paths, inflow: Inflow, lattice: Lattice) -> tuple[str, ...]:
    """Return the way to what is wrong with an inflow, from its source to the call; () when nothing is."""
    flow, at, sink = inflow.flow, inflow.at, inflow.sink
    if flow is None:
        return ()
    if flow.rule == "confidentiality":
        steps = to_call(paths, inflow, lambda label: not lattice.cleared(sink.clearance, label))
        return from_source(steps, flow.label.level or lattice.default, inflow.target)
    if flow.rule == "residency":
        steps = to_call(paths, inflow, lambda label: label.residency is not None and sink.region not in label.residency)
        return from_source(steps, _regions(flow.label), inflow.target)
    argument = flow.argument if flow.argument in at.arguments else flow.argument.partition(".")[0]
    if argument in at.arguments:
        steps = paths.to_argument(at, argument, _untrusted)
    elif inflow.by_itself:
        steps = to_call(paths, inflow, _untrusted)
    else:
        steps = paths.to_decisions(at, _untrusted)
    return from_source(steps, "untrusted", inflow.target)


def to_call(paths: Paths, inflow: Inflow, bad: Bad) -> tuple[str, ...]:
    """Return the way to all that a call is made of, from the source that says most."""
    # what a node has been told before it began says more than what it may be told meanwhile
    before = paths.to_call(inflow.at, bad, own=False)
    return before or (paths.to_call(inflow.at, bad) if inflow.by_itself else ())


def _regions(label: Label) -> str:
    return f"for {', '.join(label.residency)} only" if label.residency else "for this machine only"


def from_source(steps: tuple[str, ...], word: str, target: str) -> tuple[str, ...]:
    """Return the steps of a way with what is wrong with its source, and its end."""
    first, *rest = steps or ("…",)
    return (f"{first} ({word})", *rest, target)


def _untrusted(label: Label) -> bool:
    return not label.trusted


class Told(NamedTuple):
    """An inflow as it is told to auditors.

    Attributes:
        way: From the source to the call, () for what may simply happen.
    """

    inflow: Inflow
    way: tuple[str, ...]


def told(labels: Labels) -> Iterator[Told]:
    """Yield every inflow with its way."""
    paths = Paths(labels)
    for inflow in inflows(labels):
        yield Told(inflow, way(paths, inflow, labels.lattice))
