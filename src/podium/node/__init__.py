"""The contract of a node type. Public: plug-ins implement it.

```python
from podium.node import Context, Done, NodeConfig, TextTemplate, Values


class ShoutConfig(NodeConfig):
    shout: TextTemplate


class ShoutNode:
    type = "shout"
    config = ShoutConfig

    async def run(self, ctx: Context, config: ShoutConfig, values: Values) -> Done:
        return Done(values["shout"].upper())
```

A package offers it by an entry point in the group `podium.nodes`. What is always true of a node type is written in
`podium.node.contract`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.errors import EffectDenied, EffectError, ErrorKind, ExpressionError, NodeError
    from podium.node.calls import (
        CodeAsk,
        CodeCall,
        CodeLimits,
        CodeReply,
        Message,
        ModelCall,
        ModelReply,
        RunCall,
        RunReply,
        ToolCall,
        ToolReply,
        Usage,
    )
    from podium.node.contract import (
        Answer,
        BudgetLeft,
        Collecting,
        Context,
        Done,
        Fact,
        Feedback,
        Fork,
        ItemResult,
        MoreSources,
        Node,
        Outcome,
        Park,
        Port,
        Question,
        Resumable,
        Revise,
        Stop,
        Values,
    )
    from podium.spec.model import (
        Body,
        Duration,
        Expression,
        Inner,
        JoinRule,
        Name,
        NodeConfig,
        Nodes,
        Revision,
        SpecModel,
        Template,
        TextTemplate,
        TypeSpec,
    )
    from podium.spec.types import Type

__all__ = [
    "Answer",
    "Body",
    "BudgetLeft",
    "CodeAsk",
    "CodeCall",
    "CodeLimits",
    "CodeReply",
    "Collecting",
    "Context",
    "Done",
    "Duration",
    "EffectDenied",
    "EffectError",
    "ErrorKind",
    "Expression",
    "ExpressionError",
    "Fact",
    "Feedback",
    "Fork",
    "Inner",
    "ItemResult",
    "JoinRule",
    "Message",
    "ModelCall",
    "ModelReply",
    "MoreSources",
    "Name",
    "Node",
    "NodeConfig",
    "NodeError",
    "Nodes",
    "Outcome",
    "Park",
    "Port",
    "Question",
    "Resumable",
    "Revise",
    "Revision",
    "RunCall",
    "RunReply",
    "SpecModel",
    "Stop",
    "Template",
    "TextTemplate",
    "ToolCall",
    "ToolReply",
    "Type",
    "TypeSpec",
    "Usage",
    "Values",
]

_HOMES = {
    "podium.errors": ("EffectDenied", "EffectError", "ErrorKind", "ExpressionError", "NodeError"),
    "podium.node.calls": (
        *("CodeAsk", "CodeCall", "CodeLimits", "CodeReply"),
        *("Message", "ModelCall", "ModelReply", "RunCall", "RunReply", "ToolCall", "ToolReply", "Usage"),
    ),
    "podium.spec.model": (
        *("Body", "Duration", "Expression", "Inner", "JoinRule", "Name", "NodeConfig", "Nodes", "Revision"),
        *("SpecModel", "Template", "TextTemplate", "TypeSpec"),
    ),
    "podium.spec.types": ("Type",),
}


def __getattr__(name: str) -> object:
    # lazy, so that whoever needs only `podium.node.calls` does not load the model of the language
    if name not in __all__:
        raise AttributeError(f"module `podium.node` has no attribute `{name}`")
    home = next((home for home, names in _HOMES.items() if name in names), "podium.node.contract")
    return getattr(import_module(home), name)
