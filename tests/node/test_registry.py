"""The registry says which key makes a node what it is."""

from __future__ import annotations

from typing import ClassVar

import pytest

from podium.errors import UsageError
from podium.graph.fields import type_key, type_key_of
from podium.node import Done, NodeConfig, TextTemplate
from podium.node.registry import Registry
from podium.nodes.llm import LlmConfig, LlmNode
from podium.spec.load import load


class PoliteConfig(LlmConfig):
    """An llm with manners."""

    thanks: bool = True
    """Whether to say thank you."""

    polite: TextTemplate
    """The prompt."""


class PoliteNode(LlmNode):
    type: ClassVar[str] = "polite"
    config: ClassVar[type[NodeConfig]] = PoliteConfig


def test_a_config_that_extends_another_type_has_its_own_key() -> None:
    types = Registry([LlmNode(), PoliteNode()])

    assert type_key_of(types["polite"].config) == "polite"
    assert type_key_of(types["llm"].config) == "llm"
    text = "podium: 1\nname: x\nnodes:\n  a: {polite: Hello., llm: Hello., thanks: false}\n  b: {llm: Hello.}\n"
    loaded = load(text, file="x", node_types=types.configs())
    assert loaded.workflow is not None
    assert {name: type_key(node) for name, node in loaded.workflow.nodes.items()} == {"a": "polite", "b": "llm"}


def test_a_config_that_nobody_registered_has_the_first_field_of_its_own() -> None:
    class LoudConfig(LlmConfig):
        loud: TextTemplate

    class LouderConfig(LoudConfig):
        pass

    assert (type_key_of(LoudConfig), type_key_of(LouderConfig)) == ("loud", "loud")
    with pytest.raises(TypeError, match="adds no setting"):
        type_key_of(NodeConfig)


class NamelessConfig(NodeConfig):
    other: TextTemplate


class NamelessNode:
    type: ClassVar[str] = "nameless"
    config: ClassVar[type[NodeConfig]] = NamelessConfig

    async def run(self, ctx: object, config: object, values: object) -> Done:
        return Done()


class SharingNode(LlmNode):
    type: ClassVar[str] = "repair"  # a field of the config that it shares


@pytest.mark.parametrize("node", [NamelessNode(), SharingNode()])
def test_a_type_whose_config_is_not_its_own_is_refused(node: NamelessNode | SharingNode) -> None:
    with pytest.raises(UsageError) as caught:
        Registry([LlmNode(), node])

    assert caught.value.code == "AP052"
