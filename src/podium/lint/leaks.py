"""The flows that a workflow may show and that may not simply happen, each at the place where it is to be mended.

1. A sub-workflow is looked at by itself first, with its inputs as it declares them. What is found then is said at its
   own nodes.
2. What it shows only because of what it is given is said at the node that runs it.
3. Where a person is asked about the very call anyway, no flow is one that nobody expects; what is denied is denied all
   the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from podium.gate.sinks import Sink
from podium.lint.approvals import Approvals
from podium.lint.inflows import Inflow, from_source, inflows, to_call, way
from podium.lint.labels import Env, Labels
from podium.lint.paths import Paths, shortened
from podium.lint.subject import Call, Scope, Spot, Subject
from podium.spec.diagnostic import Loc
from podium.spec.label import Label

Kind = Literal["denied", "argument", "decisions", "three"]
"""It is denied; nobody vouches for an argument, or for what led to the call; three that should not meet do."""


class Leak(NamedTuple):
    """One of them.

    Attributes:
        loc: Where it is said.
        spot: The node that makes the call.
        name: What is called: `mail.send`, `model`.
        argument: "" for the call as a whole.
        rule: Of `podium.gate.flow`, "" for none of them.
        ways: From the sources to the call, as people read them.
        inside: The place within what is run at `loc` where it happens, "" for `loc` itself.
    """

    kind: Kind
    loc: Loc
    spot: Spot
    name: str
    argument: str
    label: Label
    sink: Sink
    rule: str
    ways: tuple[str, ...]
    inside: str

    @property
    def again(self) -> bool:
        """Whether all that is wrong is what the same function has answered before, to the same node."""
        return self.ways[0].startswith(f"{self.name} (")

    @property
    def where(self) -> str:
        """Words that say where inside, as the end of a sentence."""
        return f", in `{self.inside}`" if self.inside else ""


class _Key(NamedTuple):
    node: int
    kind: Kind
    name: str
    argument: str


@lru_cache(maxsize=1)
def leaks(subject: Subject) -> tuple[Leak, ...]:
    """Return every leak once, in no order that means anything."""
    return _Leaks(subject).found()


@dataclass(frozen=True, eq=False)
class _Leaks:
    subject: Subject

    def found(self) -> tuple[Leak, ...]:
        told: dict[int, set[_Key]] = {}
        found: dict[tuple[Loc, _Key], Leak] = {}
        for scope in reversed(self.subject.scopes):  # what runs others stands before them
            if not scope.isolated:
                continue
            labels = self._labels(scope)
            paths = Paths(labels)
            mine = told[id(scope.graph)] = set[_Key]()
            for kind, inflow in self._wrong(labels):
                key = _Key(id(inflow.at.node), kind, inflow.name, inflow.argument)
                around = list(_around(inflow.at.env))
                if any(key in told.get(id(env.graph), ()) for env in around[:-1]):
                    continue
                mine.add(key)
                leak = self._leak(kind, inflow, labels, paths, around)
                found.setdefault((leak.loc, key), leak)
        return tuple(found.values())

    def _labels(self, scope: Scope) -> Labels:
        subject = self.subject
        if not scope.callers:
            return subject.labels
        return Labels(scope.graph, subject.premises.lattice, model=subject.premises.model)

    @cached_property
    def _spots(self) -> dict[int, Spot]:
        return {id(spot.node): spot for spot in self.subject.spots}

    @cached_property
    def _calls(self) -> dict[tuple[int, str], Call]:
        return {(id(call.spot.node), call.name): call for call in self.subject.calls}

    @cached_property
    def _approvals(self) -> Approvals:
        return Approvals(self.subject)

    def _wrong(self, labels: Labels) -> Iterator[tuple[Kind, Inflow]]:
        wrong: set[tuple[int, str]] = set()
        found = list(inflows(labels))
        for inflow in found:
            if inflow.flow is not None and inflow.certain:
                wrong.add((id(inflow.at), inflow.name))
                if inflow.verdict == "deny":
                    yield "denied", inflow
                elif (inflow.part == "argument" or not inflow.by_itself) and not self._expected(inflow):
                    yield ("argument" if inflow.part == "argument" else "decisions"), inflow
        for inflow in found:
            if inflow.part == "call" and (id(inflow.at), inflow.name) not in wrong and self._three(inflow, labels):
                yield "three", inflow

    def _expected(self, inflow: Inflow) -> bool:
        call = self._calls.get((id(inflow.at.node), inflow.name))
        return call is not None and self._approvals.declared(call)

    def _three(self, inflow: Inflow, labels: Labels) -> bool:
        """Whether untrusted input, private data and an effect outside meet, and nobody is asked."""
        label, spot = inflow.label, self._spots[id(inflow.at.node)]
        return (
            not label.trusted
            and is_private(labels, label)
            and _is_outside(inflow)
            and not self._expected(inflow)
            and not self._approvals.asked(spot)
        )

    def _leak(self, kind: Kind, inflow: Inflow, labels: Labels, paths: Paths, around: list[Env]) -> Leak:
        at = inflow.at
        spot = self._spots[id(at.node)]
        loc, inside = spot.loc, ""
        if len(around) > 1:
            outer = around[-2].parent
            assert outer is not None
            spot, inside = self._spots[id(outer.node)], at.place
            loc = (*spot.loc, spot.node.type)
        elif kind == "argument" and inflow.argument in at.arguments:
            loc = (*loc, "with", inflow.argument)
        else:
            loc = (*loc, spot.node.type)
        ways = _three_ways(inflow, labels, paths) if kind == "three" else (way(paths, inflow, labels.lattice),)
        return Leak(
            kind=kind,
            loc=loc,
            spot=self._spots[id(at.node)],
            name=inflow.name,
            argument=inflow.argument,
            label=inflow.label,
            sink=inflow.sink,
            rule=inflow.flow.rule if inflow.flow is not None else "",
            ways=tuple(map(shortened, ways)),
            inside=inside,
        )


def is_private(labels: Labels, label: Label) -> bool:
    """Whether something is above the default level, or belongs to a category."""
    return bool(label.categories) or labels.lattice.height(label) > labels.lattice.rank(labels.lattice.default)


def _is_outside(inflow: Inflow) -> bool:
    return inflow.sink.effect in ("write", "irreversible") or bool(inflow.sink.region)


def _three_ways(inflow: Inflow, labels: Labels, paths: Paths) -> tuple[tuple[str, ...], ...]:
    untrusted = to_call(paths, inflow, lambda label: not label.trusted)
    private = to_call(paths, inflow, lambda label: is_private(labels, label))
    word = inflow.label.level or ", ".join(inflow.label.categories)
    return from_source(untrusted, "untrusted", inflow.name), from_source(private, word, inflow.name)


def _around(env: Env) -> Iterator[Env]:
    """Yield the workflow that a node stands in, and those that run it, the outermost last."""
    home = env.home
    yield home
    while home.parent is not None:
        home = home.parent.env.home
        yield home
