"""What the nodes of one workflow are made with: the node types, and what turns Python values into plain ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from podium.building.plain import Plain
from podium.building.types import with_declared
from podium.graph.fields import type_key
from podium.node.contract import NodeConfig
from podium.node.registry import Registry
from podium.spec.diagnostic import Loc, SpecError
from podium.spec.positions import Positions
from podium.spec.problems import diagnostics


class Workshop:
    """See the module.

    Attributes:
        file: What messages call the workflow.
        plain: Turns what the program gives into what a file says.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.plain = Plain()

    @property
    def types(self) -> Registry:
        """The node types: those installed, and those declared in this program that the workflow uses."""
        return with_declared(self.plain.node_types.values())

    def configs(self) -> dict[str, type[NodeConfig]]:
        """Return the same as the loader wants them."""
        return self.types.configs()

    def config_of(self, key: str) -> type[NodeConfig]:
        """Return the config of a type."""
        return self.types[key].config

    def type_of(self, config: NodeConfig) -> str:
        """Return the type key of a node."""
        return type_key(config)

    def wrong(self, error: ValidationError, root: Mapping[str, object], loc: Loc = ()) -> SpecError:
        """Return what pydantic found in the mapping that stands at `loc`, in our words."""
        found = error.errors(include_url=False)
        for problem in found:
            problem["loc"] = (*loc, *problem["loc"])
        whole: object = root
        for key in reversed(loc):
            whole = {key: whole}
        told = diagnostics(found, whole, file=self.file, positions=Positions(), node_types=self.configs())
        # there is no file yet: what is wrong is told by its keys
        return SpecError([replace(one, place=None, file=f"{self.file}: {_keys(one.loc)}") for one in told], texts={})


def _keys(loc: Loc) -> str:
    keys = [str(key) for key in loc if key != "nodes"]
    return f"`{'.'.join(keys)}`" if keys else "workflow"
