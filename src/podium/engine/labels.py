"""The labels of a run's values: worked out of its state and its graph alone, so that every worker finds the same.

1. What an expression reads has the label of the value: of a result as its record says, of an input as it is declared
   (and, when another run gave it, as that run said), of an item as what it was taken from.
2. **Control**: a node runs because of decisions, and their labels reach what it does: its condition, the switch or
   handler that chose it, the number of items of the body that it stands in, and whatever led to the nodes before it.
   Whether a node before it succeeded is no decision; whoever asks whether a node was skipped learns what decided it.
3. The result of a node has the label of what it read, of its control, of every answer that it was given, and of the
   results of the nodes inside it.
4. **Endorsement**: a part of a result that passed a declared check, and exactly what a person was shown and agreed to,
   for the nodes that come after that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from msgspec.structs import replace

from podium.engine.state import NodeState, RunState, Scope
from podium.gate.labels import Lattice
from podium.gate.sinks import source_label
from podium.graph.model import Use, uses
from podium.graph.vouching import covers, vouchers
from podium.ids import NodeId
from podium.ledger.record import ApprovalGiven, SignalReceived
from podium.spec.label import USER, Label

SIGNAL = Label(integrity="untrusted", sources=("signal",))
"""Of what comes from outside while the run waits, where nobody has said that it may be believed."""

AS_SHOWN = ""
"""Stands among what is endorsed for all that a person was shown."""

DECISION = ""
"""Names the decision to start a run, among the labels of its inputs."""

PERSON = Label(integrity="endorsed", sources=("person",))
"""Of what a person wrote into the run."""


class Labels:
    """The labels of one run."""

    def __init__(self, state: RunState, lattice: Lattice) -> None:
        self._state = state
        self._lattice = lattice
        self._joined: dict[tuple[Label, Label], Label] = {}

    def join(self, labels: Iterable[Label]) -> Label:
        """Return the label of what is made of all of them."""
        found = USER
        for label in labels:
            if label is USER or label is found:
                continue
            if found is USER:
                found = label
                continue
            pair = (found, label)
            joined = self._joined.get(pair)
            if joined is None:
                joined = self._joined[pair] = self._lattice.join(found, label)
            found = joined
        return found

    def read(self, node: NodeState) -> Label:
        """Return the label of everything that a node's own expressions read, its sources if it is a join."""
        work = node.work
        if not work.uses and work.join is None and node.edits is None and not node.told:
            return USER
        found = [self.of(use, node) for use in work.uses]
        if work.join is not None:
            found += [self._result(node.scope.nodes[index]) for index in node.arrived]
            sources = (node.scope.nodes[edge.source] for edge in node.node.incoming if edge.kind == "data")
            found += [self._silence(source) for source in sources if source.status == "skipped"]
        if node.edits is not None:
            found.append(PERSON)
        return self.join((*found, *node.told))

    def arguments(self, node: NodeState) -> dict[str, Label]:
        """Return the label of each key that is written out under a node's `with`."""
        written = node.work.arguments
        return (
            {key: self.join(self.of(use, node) for use in found) for key, found in written.items()} if written else {}
        )

    def control(self, node: NodeState) -> Label:
        """Return the label of the decisions that led to a node; it must be ready, or have been."""
        if node.control is None:
            node.control = self.join(self._decisions(node))
        return node.control

    def result(self, node: NodeState, heard: Iterable[Label]) -> Label:
        """Return the label of what a node gives, after what it has heard: answers of effects and of people."""
        found = [self.read(node), self.control(node), *heard]
        found += [self._given_back(item) for item in node.items]
        answer = node.answer
        if isinstance(answer, SignalReceived) and not node.work.config.believes():
            found.append(SIGNAL)
        label = self.join(found)
        if isinstance(answer, ApprovalGiven) and answer.verdict in ("approved", "edited") and node.asked:
            return replace(self.join((label, PERSON)), integrity="endorsed")
        return label

    def of(self, use: Use, at: NodeState) -> Label:
        """Return the label of what one use reads, as a node sees it."""
        label = self._of(use, at.scope, at)
        if label.integrity == "untrusted" and self._vouched(use, at):
            return replace(label, integrity="endorsed", sources=("person",))
        return label

    def _of(self, use: Use, scope: Scope, at: NodeState | None) -> Label:
        if use.name == "inputs":
            return self._input(use, scope.home)
        if use.name in ("run", "callback"):
            return USER
        if use.name == "error" and at is not None and (at.variant or at.undoes is not None):
            return self._failure(at)  # anywhere else it is the item of a `catch`
        item = next((one for one in scope.around() if one.parent is not None and one.graph.variable == use.name), None)
        if item is not None:
            return self._item(item)
        node = scope.find(NodeId(use.name))
        return self._part(node, use) if node is not None else USER  # a name that the expression brings itself

    def _part(self, node: NodeState, use: Use) -> Label:
        label = self._result(node)
        vouched = use.port == "out" and ((use.path and use.path[0] in node.endorsed) or "out" in node.endorsed)
        return replace(label, integrity="endorsed") if vouched and label.integrity == "untrusted" else label

    def _silence(self, node: NodeState) -> Label:
        """Return the label of the decisions by which a node was skipped: that it gave nothing tells of them."""
        found: list[Label] = []
        waiting, seen = [node], {node.node.index}
        while waiting:
            skipped = waiting.pop()
            found.append(self.control(skipped))
            for edge in skipped.node.incoming:
                source = skipped.scope.nodes[edge.source]
                if source.status == "skipped" and edge.source not in seen:
                    seen.add(edge.source)
                    waiting.append(source)
        return self.join(found)

    def _result(self, node: NodeState) -> Label:
        if node.status == "skipped":
            return self._silence(node)
        if node.status == "failed" and node.node.default is not None:
            found = [self._of(use, node.scope, None) for use in uses(node.node.default)]
            return self.join((node.label, *found))
        return node.label

    def _failure(self, node: NodeState) -> Label:
        """Return the label of `error` as a fallback or a compensation sees it."""
        if node.undoes is None:
            return node.label
        cause = node.unwinding.cause if node.unwinding is not None else None
        return cause.label if cause is not None else USER

    def _input(self, use: Use, home: Scope) -> Label:
        names = [use.port] if use.port else list(home.graph.inputs)
        return self.join(self._named_input(name, home) for name in names)

    def _named_input(self, name: str, home: Scope) -> Label:
        spec = home.graph.inputs.get(name)
        declared = source_label(spec, f"inputs.{name}", trust=spec.trust) if spec is not None else USER
        if home.parent is not None:
            given = home.parent
            found = given.work.arguments.get(name)
            told = self.join(self.of(use, given) for use in found) if found is not None else self.read(given)
            return self.join((declared, told))
        return self.join((declared, self._told(name)))

    def _told(self, name: str) -> Label:
        """Return the label that whoever started the run gave to an input; of the decision to start it for ""."""
        created = self._state.created
        return self.join(one.label for one in created.labels if one.name == name) if created is not None else USER

    def _item(self, item: Scope) -> Label:
        """Return the label of what an item is for: what its node read, and what earlier items gave where they do."""
        if item.label is None:
            parent = cast("NodeState", item.parent)
            if item.given.at < 0 and item.graph.signal:
                item.label = SIGNAL
            elif item.graph.tells or item.graph.concurrency == 1:
                self._rounds(parent, item)
            else:
                item.label = self.read(parent)
        return item.label or USER

    def _rounds(self, parent: NodeState, last: Scope) -> None:
        """Label the rounds of a loop up to `last`: each sees the one before, and began because of what that gave."""
        first = last.index
        while first > 0 and parent.items[first - 1].label is None:
            first -= 1
        label = (parent.items[first - 1].label if first else None) or self.read(parent)
        for item in parent.items[first : last.index + 1]:
            if item.index:
                label = self.join((label, self._given_back(parent.items[item.index - 1])))
            item.label = label

    def _given_back(self, item: Scope) -> Label:
        graph = item.graph
        programs = (graph.result, *graph.tells.values())
        found = [self._of(use, item, None) for program in programs for use in uses(program)]
        found += [failure.label for failure in item.failures]
        return self.join(found)

    def _decisions(self, node: NodeState) -> Iterable[Label]:
        if node.undoes is not None:
            yield self.control(node.undoes)
            return
        scope, config = node.scope, node.node
        if scope.parent is not None:
            yield self.control(scope.parent)
            if scope.graph.each:
                yield self._item(scope)
        else:
            yield self._told(DECISION)
        if config.when is not None:
            yield self.join(self.of(use, node) for use in uses(config.when))
        for edge in config.incoming:
            source = scope.nodes[edge.source]
            if source.status in ("done", "failed"):
                yield self.control(source)
                if edge.kind == "control":
                    yield self._result(source)

    def _vouched(self, use: Use, at: NodeState) -> bool:
        """Whether a person was shown exactly this, or what it is a part of, and agreed, before the node began."""
        state: NodeState | None = at
        while state is not None:
            scope = state.scope
            node = (state.undoes or state).node  # what undoes a node has no place of its own
            for index, shown in vouchers(scope.graph).get(node.index, ()):
                person = scope.nodes[index]
                if (
                    person.status == "done"
                    and person.port == "out"
                    and AS_SHOWN in person.endorsed
                    and covers(shown, use)
                ):
                    return True
            state = scope.parent if not scope.graph.flow else None
        return False
