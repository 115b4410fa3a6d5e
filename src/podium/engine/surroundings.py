"""What an attempt needs of the run that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from podium.clock import Clock
from podium.effects.gateway import Gateway
from podium.effects.masks import RunMasks
from podium.effects.ports import Journal
from podium.engine.labels import Labels
from podium.engine.state import RunState, Scope
from podium.engine.values import Values
from podium.gate.autonomy import least
from podium.ids import IdSource, NodePath, RunId
from podium.ledger.record import RunMode
from podium.node.registry import Registry
from podium.spec.approval_rule import Party
from podium.spec.autonomy import Autonomy
from podium.spec.governor import GovernorSpec

VERSION_DIGITS = 12
"""So much of a workflow's version stands in a chain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """Read by attempts; the state is changed by the loop of the run alone.

    Attributes:
        workflow: Its name. `tenant`: whose run it is, "" while there are none.
        owner: Who answers for the workflow, as it is written there.
        governor: What the workflow says of the governor.
        watch: Told of progress, by node path.
        kept: What `standing` has worked out, by where the workflow or sub-workflow stands.
    """

    state: RunState
    nodes: Registry
    gateway: Gateway
    journal: Journal
    values: Values
    labels: Labels
    masks: RunMasks
    clock: Clock
    ids: IdSource
    workflow: str
    tenant: str
    governor: GovernorSpec | None
    owner: str
    watch: Callable[[NodePath, str], None]
    kept: dict[NodePath | None, tuple[tuple[str, ...], Autonomy | None]] = field(
        default_factory=dict[NodePath | None, "tuple[tuple[str, ...], Autonomy | None]"]
    )

    @property
    def root(self) -> RunId:
        """The run under whose name effects are keyed."""
        assert self.state.created is not None
        return self.state.created.root

    @property
    def mode(self) -> RunMode:
        """What the run may do to the world."""
        assert self.state.created is not None
        return self.state.created.mode

    @property
    def principal(self) -> str:
        """Who started the run."""
        return self.state.created.principal if self.state.created else ""

    @property
    def parent(self) -> str:
        """The run that started this one, "" for none."""
        return self.state.created.parent if self.state.created else ""

    @property
    def parties(self) -> Mapping[Party, str]:
        """Those whom four eyes may exclude: who started the run, published its workflow, answers for it.

        Where nobody knows who published it, whoever started the run is taken for them.
        """
        created = self.state.created
        author = (created.author if created else "") or self.principal
        return {"requester": self.principal, "author": author, "owner": self.owner}

    def autonomy(self, scope: Scope) -> Autonomy | None:
        """Return how far files let the nodes of a scope go by themselves."""
        above = self.state.created.autonomy if self.state.created else None
        files: list[Autonomy | None] = [home.graph.autonomy for home in scope.homes()]
        return least(above, *files)

    def standing(self, scope: Scope) -> tuple[tuple[str, ...], Autonomy | None]:
        """Return `chain` and `autonomy` of a scope, worked out once for each workflow and sub-workflow of the run."""
        place = scope.home.prefix
        found = self.kept.get(place)
        if found is None:
            found = self.kept[place] = (self.chain(scope), self.autonomy(scope))
        return found

    def chain(self, scope: Scope) -> tuple[str, ...]:
        """Return in whose names the nodes of a scope act, the person first."""
        created = self.state.created
        assert created is not None
        above = created.chain or (f"person:{created.principal}",)
        own = f"workflow:{created.workflow}@{created.version[:VERSION_DIGITS]}"
        flows = [f"workflow:{home.graph.flow}" for home in scope.homes() if home.graph.flow]
        return (*above, own, *flows)
