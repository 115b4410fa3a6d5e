"""Nodes under construction: a mapping from names to nodes, with a method for each node type that adds one.

```python
draft = wf.llm("draft", f"Announce {wf.inputs.topic}.")
lines = wf.map_("lines", themes.out.themes, as_="theme")
line = lines.do.llm("line", f"One line on {lines.item.title}.")
lines.set(result=line.out)
```

What is given is checked at once, at the line of the program that gives it; what depends on other nodes, by
`Workflow.check`. A node is a value: `set` changes it until the workflow is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import ClassVar, Concatenate, Generic, ParamSpec, Self, TypeVar, cast

from pydantic import ValidationError

from podium.building import make
from podium.building.made import Made
from podium.building.making import Expr, Json, as_written, known, names_of
from podium.building.plain import Named
from podium.building.reference import Ref
from podium.building.workshop import Workshop
from podium.errors import UsageError
from podium.node.contract import NodeConfig
from podium.spec.diagnostic import SpecError
from podium.spec.dump_values import written

P = ParamSpec("P")
N = TypeVar("N", bound="Node")


class Node(Named):
    """A node with a name. In an expression it stands for its result, where a node is named for its name.

    Attributes:
        id: Its name.
        type: Its type key.
    """

    BODIES: ClassVar[tuple[str, ...]] = ()
    """The keys under which it has nodes of its own, the main one first."""

    def __init__(self, nodes: Nodes, name: str, made: Made) -> None:
        self.id, self.type = name, made.type
        self._shop = nodes.shop
        self._given = {key: value for key, value in made.settings.items() if key not in self.BODIES}
        self._written: Mapping[str, object] = {}
        self._config: NodeConfig | None = None
        bodies = ((key, made.settings.get(key)) for key in self.BODIES)
        self._bodies = {key: Nodes(nodes.shop, cast("Mapping[str, Made]", body or {})) for key, body in bodies}

    def __repr__(self) -> str:
        return f"Node({self.id!r}, {self.type!r})"

    def podium_name(self) -> str:
        return self.id

    @property
    def out(self) -> Ref:
        """Its result."""
        return Ref(f"{self.id}.out")

    @property
    def error(self) -> Ref:
        """What went wrong, `{code, kind, message}`, for whoever handles it."""
        return Ref(f"{self.id}.error")

    @property
    def do(self) -> Nodes:
        """The nodes inside it: what runs for each item, in each round, in the scope.

        Raises:
            AttributeError: when it has none.
        """
        if not self.BODIES:
            raise AttributeError(f"node `{self.id}` of type `{self.type}` has no nodes inside it")
        return self._bodies[self.BODIES[0]]

    @property
    def callback(self) -> Ref:
        """For a node that waits for a call from outside: the token that it must bring."""
        return Ref(f"callback.{self.id}")

    def set(self, **settings: Json) -> None:
        """Change settings, by the names that the constructor gives them; the main argument by the type key.

        Raises:
            UsageError: AP051 for a setting that it does not have.
            SpecError: when a value does not fit; the node stays as it was.
        """
        names = names_of(self._shop.config_of(self.type))
        given = known({as_written(name, names): value for name, value in settings.items()}, names)
        before, config = self._given, self._config
        self._given, self._config = {**before, **given}, None
        try:
            self.check()
        except SpecError:
            self._given, self._config = before, config
            raise

    def check(self) -> None:
        """Look at what has been given so far; nodes that are still to come inside are no mistake.

        Raises:
            SpecError: with all that is wrong.
        """
        if not self.BODIES or self._bodies[self.BODIES[0]]:
            self.config()

    def config(self) -> NodeConfig:
        """Return the node as the model has it.

        Raises:
            SpecError: with all that is wrong.
        """
        bodies = {key: body.configured() for key, body in self._bodies.items() if body or key == self.BODIES[0]}
        if self._config is not None and all(_setting(self._config, key) == bodies.get(key) for key in self.BODIES):
            return self._config
        model = self._shop.config_of(self.type)
        plain = {**self._written, **self._shop.plain.settings(model, self._given), **bodies}
        plain = {key: value for key, value in plain.items() if value is not None or key == self.type}
        try:
            context = {"node_types": self._shop.configs()}
            self._config = model.model_validate(plain, context=context, by_alias=True, by_name=False)
        except ValidationError as error:
            raise self._shop.wrong(error, plain, ("nodes", self.id)) from None
        return self._config

    @classmethod
    def loaded(cls, nodes: Nodes, name: str, config: NodeConfig) -> Self:
        """Return a node that stands in a model already."""
        key = nodes.shop.type_of(config)
        node = cls(nodes, name, Made(type=key))
        node._config = config
        node._written = {
            key: value for key, value in written(config, nodes.shop.configs()).items() if key not in cls.BODIES
        }
        for key, body in node._bodies.items():
            for inner, inner_config in (_setting(config, key) or {}).items():
                body.add(inner, inner_config)
        return node


class MapNode(Node):
    """A node that runs others once for each item."""

    BODIES = ("do",)

    @property
    def item(self) -> Ref:
        """The item, as the nodes inside see it."""
        return Ref(str(self._given.get("as") or self._written.get("as") or "item"))


class LoopNode(Node):
    """A node that runs others in rounds."""

    BODIES = ("loop",)

    @property
    def last(self) -> Ref:
        """The result of the round before, as the nodes inside see it."""
        return Ref(str(self._given.get("as") or self._written.get("as") or "last"))


class ScopeNode(Node):
    """A node whose nodes succeed or fail as one."""

    BODIES = ("scope", "finally")

    @property
    def at_end(self) -> Nodes:
        """The nodes that run at the end, whatever happened (`finally`)."""
        return self._bodies["finally"]

    def catch(self, *kinds: str, do: Mapping[str, Made], result: Expr | None = None) -> None:
        """Add what runs when something inside failed.

        Args:
            kinds: The kinds of error that it is for; none means all.
            do: The nodes that run; `Ref("error")` is what went wrong.
            result: The result of the scope then.
        """
        catch: dict[str, object] = {"on": kinds} if kinds else {}
        catch |= {"do": do} if result is None else {"do": do, "result": result}
        before = cast("list[object]", self._given.get("catch") or self._written.get("catch") or [])
        self.set(catch=[*before, catch])


HANDLES: Mapping[str, type[Node]] = {"map": MapNode, "loop": LoopNode, "scope": ScopeNode}
"""What the nodes of a type are; plain nodes otherwise."""


class _Adds(Generic[P, N]):
    """A method that makes a node as a function of `make` does, and adds it under a name."""

    def __init__(self, function: Callable[P, Made], handle: type[N]) -> None:
        self._function, self._handle = function, handle
        self.__doc__ = function.__doc__

    def __get__(self, nodes: Nodes, owner: object) -> Callable[Concatenate[str, P], N]:
        @wraps(self._function)
        def add(name: str, /, *args: P.args, **kwargs: P.kwargs) -> N:
            return cast("N", nodes.add(name, self._function(*args, **kwargs)))

        return add


class Nodes(Mapping[str, Node]):
    """See the rules of the module.

    Attributes:
        shop: What they are made with.
    """

    code = _Adds(make.code, Node)
    commit = _Adds(make.commit, Node)
    emit = _Adds(make.emit, Node)
    end = _Adds(make.end, Node)
    guard = _Adds(make.guard, Node)
    human = _Adds(make.human, Node)
    join = _Adds(make.join, Node)
    llm = _Adds(make.llm, Node)
    loop = _Adds(make.loop, LoopNode)
    map_ = _Adds(make.map_, MapNode)
    node = _Adds(make.node, Node)
    scope = _Adds(make.scope, ScopeNode)
    subflow = _Adds(make.subflow, Node)
    switch = _Adds(make.switch, Node)
    tool = _Adds(make.tool, Node)
    transform = _Adds(make.transform, Node)
    validate = _Adds(make.validate, Node)
    wait = _Adds(make.wait, Node)

    def __init__(self, shop: Workshop, given: Mapping[str, Made] | None = None) -> None:
        self.shop = shop
        self._nodes: dict[str, Node] = {}
        for name, made in (given or {}).items():
            self.add(name, made)

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    def __delitem__(self, name: str) -> None:
        del self._nodes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def add(self, name: str, made: Made | NodeConfig) -> Node:
        """Add a node under a name.

        Raises:
            UsageError: AP053 when the name is taken.
            SpecError: when a setting does not fit.
        """
        if name in self._nodes:
            help_ = "give it another name, or change it by `set`"
            raise UsageError("AP053", f"there is a node `{name}` already", help=help_)
        if isinstance(made, NodeConfig):
            node = HANDLES.get(self.shop.type_of(made), Node).loaded(self, name, made)
        else:
            self.shop.plain.learn(made)
            node = HANDLES.get(made.type, Node)(self, name, made)
            node.check()
        self._nodes[name] = node
        return node

    def configured(self) -> dict[str, NodeConfig]:
        """Return the nodes as the model has them.

        Raises:
            SpecError: with all that is wrong with the first one that is wrong.
        """
        return {name: node.config() for name, node in self._nodes.items()}


def _setting(config: NodeConfig, key: str) -> Mapping[str, NodeConfig] | None:
    return cast("Mapping[str, NodeConfig] | None", getattr(config, names_of(type(config))[key]))
