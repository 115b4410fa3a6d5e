"""Random workflows over all shipped node types, which compile, and run in a scripted world.

```python
text = random_workflow(Random(7))
result = await run_workflow(text, tools=random_world())
```

Loops, scopes with `catch` and `finally`, maps, sub-workflows, switches, joins, checks that send back, questions, timers
and signals, tools that fail now and then; with every property of a node: `when`, `after`, `on_error` in all its forms,
`default`, `fallback`, `compensate`, `lock`, `cancels`, `retry`, `timeout`. The same seed gives the same workflow. With
Hypothesis: `st.randoms(use_true_random=False).map(random_workflow)`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from podium.errors import EffectError
from podium.nodes.join import JoinConfig
from podium.nodes.map import MapConfig
from podium.nodes.switch import SwitchConfig
from podium.testing.random_values import Kind, Values, Visible
from podium.testing.tools import Behaviour

Json = Any
Node = dict[str, Any]
Nodes = dict[str, Node]

CALLS = ("read.get", "keyed.put", "once.send")
_ANSWER: Kind = ("object", (("n", "integer"), ("told", "text")))
_WRITTEN: Mapping[str, Json] = {"text": "text", "integer": "integer", "boolean": "boolean"}
_TOOLS: Mapping[str, Json] = {
    "read": {"python": "scripted", "effect": "read", "delivery": "repeatable"},
    "keyed": {"python": "scripted", "effect": "write", "delivery": "keyed"},
    "once": {"python": "scripted", "effect": "irreversible", "delivery": "once"},
}


def random_workflow(random: Random, *, size: int = 6) -> str:
    """Return the text of a workflow with about `size` nodes at the top, and as many inside them as chance wants."""
    return json.dumps(_Workflow(random).draw("drawn", size, depth=2), ensure_ascii=False, indent=1)


def random_world() -> dict[str, Behaviour]:
    """Return what the tools of such workflows do: answer, or fail for good when `n` leaves 0 divided by 5."""

    def behaviour(name: str) -> Behaviour:
        def call(arguments: Mapping[str, Json]) -> Json:
            number = int(arguments.get("n") or 0)
            if number % 5 == 0:
                raise EffectError("EF900", f"{name} says no to {number}", kind="failed")
            if number % 7 == 0:
                raise EffectError("EF901", f"{name} is not there", kind="unavailable")
            return {"n": number, "told": name}

        return call

    return {name: behaviour(name) for name in CALLS}


class _Workflow:
    """One workflow, with its sub-workflows."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0
        self.flows: dict[str, tuple[Node, Kind]] = {}

    def draw(self, name: str, size: int, *, depth: int) -> Node:
        seen = Visible()
        for key, kind in (("n", "integer"), ("word", "text"), ("flag", "boolean"), ("words", ("list", "text"))):
            seen.add(f"inputs.{key}", kind)
        scope = _Scope(self, self._random, seen)
        scope.fill(self._random.randint(1, size), depth)
        written: Node = {
            "podium": 1,
            "name": name,
            "inputs": {
                "n": {"type": "integer", "default": self._random.randint(0, 9)},
                "word": {"type": "text", "default": "word"},
                "flag": {"type": "boolean", "default": self._random.random() < 0.5},
                "words": {"type": ["text"], "default": ["a", "b"][: self._random.randint(0, 2)]},
            },
            "tools": dict(_TOOLS),
            "nodes": scope.nodes,
            "result": scope.values().expression(self._random.choice(["text", "integer", "any"])),
        }
        if depth == 2 and self.flows:
            written["flows"] = {flow: body for flow, (body, _) in self.flows.items()}
        return written

    def flow(self) -> tuple[str, Kind]:
        """Return the name of a sub-workflow, an old or a new one, and the type of what it gives."""
        if self.flows and self._random.random() < 0.5:
            name = self._random.choice(sorted(self.flows))
            return name, self.flows[name][1]
        name = f"flow{len(self.flows) + 1}"
        inner = _Workflow(self._random)
        inner._count = 1000 * (len(self.flows) + 1)
        body = inner.draw(name, 3, depth=0)
        kind = self._random.choice(["text", "integer"])
        body["result"] = {"text": "inputs.word + 'z'", "integer": "inputs.n + 1"}[kind]
        self.flows[name] = body, kind
        return name, kind

    def name(self) -> str:
        """Return a name that nothing else has."""
        self._count += 1
        return f"n{self._count}"


class _Scope:
    """Nodes that are being drawn; each may read those before it."""

    def __init__(self, workflow: _Workflow, random: Random, seen: Visible, *, inside: bool = False) -> None:
        self.nodes: Nodes = {}
        self._workflow, self._random, self._seen, self._inside = workflow, random, seen, inside
        self._own: list[str] = []

    def values(self) -> Values:
        return Values(self._random, self._seen)

    def fill(self, count: int, depth: int) -> None:
        """Draw nodes, then who withdraws whom."""
        for _ in range(count):
            self._draw(depth)
        for name in [*self._own]:
            others = [other for other in self._own if other != name]
            if others and self._chance(0.08):
                self.nodes[name]["cancels"] = [self._pick(others)]

    def _chance(self, of: float) -> bool:
        return self._random.random() < of

    def _pick(self, among: Any) -> Any:  # noqa: ANN401 - any sequence
        return self._random.choice(list(among))

    def _draw(self, depth: int) -> None:
        plain = ["transform", "transform", "tool", "tool", "llm", "human", "wait", "validate", "switch", "join", "end"]
        nested = ["map", "loop", "scope", "scope", "subflow"] if depth else []
        kind = self._pick([*plain, *nested])
        name = self._workflow.name()
        made = getattr(self, f"_{kind}")(name, depth)
        if made is None:
            return
        node, out = made
        out, sure = self._properties(name, node, out, bodied=kind in ("map", "loop", "scope", "subflow"))
        self.nodes[name] = node
        self._own.append(name)
        self._seen.add(f"{name}.out", out, certain=sure and self._chance(0.9))
        for extra in node.pop("_then", ()):
            self._then(extra)

    def _then(self, extra: tuple[str, str]) -> None:
        """Add a node that another one starts."""
        name, text = extra
        self.nodes[name] = {"transform": text}
        self._own.append(name)
        self._seen.add(f"{name}.out", "text", certain=False)

    # --- what every node may carry

    def _properties(self, name: str, node: Node, out: Kind, *, bodied: bool) -> tuple[Kind, bool]:
        """Add properties; return the type of its result with them, and whether it is there in every run."""
        sure = True
        if self._own and self._chance(0.25):
            node["after"] = self._random.sample(self._own, k=min(len(self._own), self._random.randint(1, 2)))
        if self._chance(0.15):
            node["when"] = self.values().expression("boolean")
            sure = False
        if self._chance(0.15) and "validate" not in node:
            node["lock"] = self._pick(["desk", "door"])
        if self._chance(0.2):
            node["retry"] = {"max": self._random.randint(0, 2), "backoff": "1s", "on": ["unavailable", "failed"]}
        if self._chance(0.1) and (bodied or "tool" in node or "llm" in node):
            node["timeout"] = self._pick(["1h", "20s"])
        if self._chance(0.2) and "end" not in node and "switch" not in node and "join" not in node:
            node["fallback"] = [self._nested() for _ in range(self._random.randint(1, 2))]
            out = "any"
        if self._chance(0.2) and "end" not in node:
            node["compensate"] = self._nested(name)
        return self._on_error(name, node, out, sure=sure)

    def _on_error(self, name: str, node: Node, out: Kind, *, sure: bool) -> tuple[Kind, bool]:
        match self._pick(["", "", "", "continue", "default", "ask", "node", "kinds"]):
            case "continue":
                node["on_error"] = "continue"
                return "any", sure
            case "default" if out in ("text", "integer"):
                node["default"] = "instead" if out == "text" else 1
                return out, sure
            case "ask":
                node["on_error"] = "ask"
            case "node":
                node["on_error"] = self._handler(name, node)
                return out, False
            case "kinds":
                handler = self._handler(name, node)
                node["on_error"] = {"failed": handler, "timeout": "continue", "else": self._pick(["ask", "continue"])}
                return "any", False
            case _:
                pass
        return out, sure

    def _handler(self, name: str, node: Node) -> str:
        handler = self._workflow.name()
        node.setdefault("_then", []).append((handler, f"Handled: ${{{name}.error.message}}"))
        return handler

    def _nested(self, undone: str = "") -> Node:
        """Return a node that runs in another one's place, or undoes `undone`."""
        values = self.values() if not undone else Values(self._random, self._around())
        text = "${error.message} " + values.text()
        if undone and self._chance(0.5):
            text += f" ${{{undone}.out}}"
        made: Node = {"transform": text}
        if self._chance(0.6):
            number = values.expression("integer")
            made = {"tool": self._pick(CALLS), "with": {"n": "${" + number + "}", "why": "${error.kind}"}}
        if self._chance(0.3):
            made["on_error"] = "continue"
        return made

    def _around(self) -> Visible:
        """Return what can be read although nothing of this scope may have run."""
        own = tuple(f"{name}." for name in self._own)
        seen = {name: kind for name, kind in self._seen.values.items() if not name.startswith(own)}
        return Visible(seen, self._seen.certain & seen.keys())

    # --- node types; each gives a node and the type of its result

    def _transform(self, _name: str, _depth: int) -> tuple[Node, Kind]:
        kind = self._pick(["text", "integer", "boolean", ("list", "text"), "object"])
        values = self.values()
        if kind == "object":
            fields = {"a": "${" + values.expression("integer") + "}", "b": values.text()}
            return {"transform": fields}, ("object", (("a", "integer"), ("b", "text")))
        if kind == "text" and self._chance(0.5):
            return {"transform": values.text()}, "text"
        return {"transform": "${" + values.expression(kind) + "}"}, kind

    def _tool(self, _name: str, _depth: int) -> tuple[Node, Kind]:
        node: Node = {"tool": self._pick(CALLS), "with": {"n": "${" + self.values().expression("integer") + "}"}}
        if self._chance(0.7):
            node["output"] = {"n": "integer", "told": "text"}
            if self._chance(0.3):
                node["expect"] = "out.n < 8"
            return node, _ANSWER
        return node, "any"

    def _llm(self, _name: str, _depth: int) -> tuple[Node, Kind]:
        node: Node = {"llm": self.values().text()}
        if self._chance(0.5):
            node["output"] = {"a": "integer", "b": "text"}
            return node, ("object", (("a", "integer"), ("b", "text")))
        return node, "text"

    def _human(self, _name: str, _depth: int) -> tuple[Node, Kind]:
        node: Node = {"human": self.values().text(), "show": self.values().expression("text")}
        if self._chance(0.3):
            refused = self._workflow.name()
            node["on_rejected"] = refused
            node["_then"] = [(refused, "No.")]
        return node, "text"

    def _wait(self, name: str, _depth: int) -> tuple[Node, Kind]:
        if self._chance(0.6):
            return {"wait": self._pick(["10s", "1h"])}, "any"
        node: Node = {"wait": {"signal": self._pick(["go", "come"]), "expires": "1d"}}
        if self._chance(0.5):
            late = self._workflow.name()
            node |= {"on_expired": late, "_then": [(late, f"{name} is late")]}
        return node, "any"

    def _validate(self, _name: str, _depth: int) -> tuple[Node, Kind]:
        node: Node = {"validate": self.values().expression("boolean")}
        if self._own and self._chance(0.4):
            target = self._pick(self._own)
            if not self.nodes[target].keys() & {"switch", "end"}:
                node = {"validate": f"has({target}.out) && {node['validate']}", "revise": target, "max": 1}
        return node, "boolean"

    def _switch(self, _name: str, _depth: int) -> tuple[Node, Kind]:
        first, second, third = (self._workflow.name() for _ in range(3))
        values = self.values()
        cases: list[Node] = [{"when": values.expression("boolean"), "then": first}]
        if self._chance(0.5):
            cases.append({"when": values.expression("boolean"), "then": [second]})
        node: Node = {"switch": cases}
        started = [first, second][: len(cases)]
        if self._chance(0.6):
            node["else"] = third
            started.append(third)
        if "matches" in SwitchConfig.model_fields and self._chance(0.3):
            node["matches"] = "all"
        node["_then"] = [(name, values.text()) for name in started]
        return node, "any"

    def _join(self, _name: str, _depth: int) -> tuple[Node, Kind] | None:
        if not self._own:
            return None
        sources = self._random.sample(self._own, k=min(len(self._own), self._random.randint(1, 3)))
        node: Node = {"join": sources, "wait": self._pick(["all", "any", {"quorum": self._random.randint(1, 2)}])}
        if "valid" in JoinConfig.model_fields and self._chance(0.2):
            return {"join": sources, "wait": "first_valid", "valid": "value != null"}, "any"
        if "cancel" in JoinConfig.model_fields and node["wait"] != "all" and self._chance(0.3):
            node["cancel"] = True
        if self._chance(0.2):
            node["deadline"] = "30s"
        node["reduce"] = self._pick(["list", "object", "concat", "first", "agree"])
        return node, "text" if node["reduce"] == "concat" else "any"

    def _end(self, _name: str, _depth: int) -> tuple[Node, Kind]:
        node: Node = {"end": self._pick(["done", "failed"]), "reason": "Enough.", "result": "'ended'"}
        node["when"] = self.values().expression("boolean")
        return node, "any"

    # --- nodes with nodes inside

    def _body(self, depth: int, **extra: Kind) -> _Scope:
        outer = {name: kind for name, kind in self._seen.values.items() if name.partition(".")[0] != "error"}
        seen = Visible(outer, self._seen.certain & outer.keys())
        for name, kind in extra.items():
            seen.add(name, kind)
        scope = _Scope(self._workflow, self._random, seen, inside=True)
        scope.fill(self._random.randint(1, 3), depth - 1)
        if not scope.nodes:
            scope.nodes[self._workflow.name()] = {"transform": "x"}
        return scope

    def _map(self, name: str, depth: int) -> tuple[Node, Kind]:
        inner = self._pick(["text", "integer"])
        body = self._body(depth, **{f"{name}_item": inner})
        result = self._pick(["text", "integer"])
        node: Node = {
            "map": self.values().expression(("list", inner)),
            "as": f"{name}_item",
            "do": body.nodes,
            "result": body.values().expression(result),
            "concurrency": self._random.randint(1, 3),
            "on_item_error": self._pick(["fail", "collect", {"max_failed": 1}]),
        }
        if "enough" in MapConfig.model_fields and self._chance(0.2):
            node["enough"] = self._random.randint(1, 2)
        return node, ("list", result)

    def _loop(self, name: str, depth: int) -> tuple[Node, Kind]:
        body = self._body(depth, **{f"{name}_last": "any"})
        result = self._pick(["text", "integer"])
        node: Node = {
            "loop": body.nodes,
            "as": f"{name}_last",
            "start": self.values().expression(result),
            "max": self._random.randint(1, 3),
            "result": body.values().expression(result),
            "on_max": self._pick(["fail", "last"]),
        }
        if self._chance(0.6):
            node["until"] = body.values().expression("boolean")
        if self._chance(0.4):
            node["while"] = f"{name}_last != null && {self.values().expression('boolean')}"
            return node, "any"
        return node, result

    def _scope(self, _name: str, depth: int) -> tuple[Node, Kind]:
        result = self._pick(["text", "integer"])
        body = self._body(depth)
        node: Node = {"scope": body.nodes, "result": body.values().expression(result)}
        error: Kind = ("object", (("code", "text"), ("kind", "text"), ("message", "text"), ("node", "text")))
        catches: list[Node] = []
        for on in self._pick([[], [[]], [["failed", "timeout"]], [["failed"], []]]):
            caught = self._body(depth, error=error)
            catch: Node = {"do": caught.nodes, "result": caught.values().expression(result)}
            catches.append(({"on": on} if on else {}) | catch)
        if catches:
            node["catch"] = catches
        if self._chance(0.3):
            node["finally"] = self._body(depth).nodes
        return node, result

    def _subflow(self, _name: str, _depth: int) -> tuple[Node, Kind]:
        name, kind = self._workflow.flow()
        values = self.values()
        given = {"n": "${" + values.expression("integer") + "}", "word": "${" + values.expression("text") + "}"}
        return {"subflow": name, "with": given}, kind
