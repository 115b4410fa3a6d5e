"""Transform: builds a value out of others; nothing leaves the process.

```yaml run="ok"
podium: 1
name: greeting
inputs:
  name: {type: text, default: Ada}
nodes:
  card:
    transform: {title: "Dear ${inputs.name}", letters: "${size(inputs.name)}"}
result: card.out
```

Any JSON value, with `${…}` wherever text stands; a text that is one `${…}` alone keeps the type of its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from podium.node.contract import Context, Done, NodeConfig, Values
from podium.spec.model import Template
from podium.spec.types import Type


class TransformConfig(NodeConfig):
    """The value to build."""

    transform: Template
    """The value; text in it may hold `${…}`."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return the type of the value as it is built."""
        return fields.get("transform", Type.any())


class TransformNode:
    """Hands on the value that the engine evaluated."""

    type: ClassVar[str] = "transform"
    config: ClassVar[type[NodeConfig]] = TransformConfig

    async def run(self, ctx: Context, config: TransformConfig, values: Values) -> Done:  # noqa: ARG002 - the contract
        """Return the built value."""
        return Done(values["transform"])
