"""The reference of node types is written from their files: `PODIUM_GOLDEN=write` (or `make golden`) writes it anew."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from podium.app.nodes import shipped_nodes
from podium.spec.model import NodeConfig
from podium.units import format_duration

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "nodes.md"

HEAD = """# Node types

A node is a mapping under its id with exactly one of the type keys below. Beside the settings of its type it may carry
the properties of every node.
"""


def default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    match value:
        case _ if value is PydanticUndefined:
            return "required"
        case None | "" | ():
            return ""
        case timedelta():
            return f"`{format_duration(value)}`"
        case BaseModel():
            shown = value.model_dump(mode="json", exclude_none=True)
            return f"`{json.dumps(shown)}`" if shown else ""
        case _:
            return f"`{json.dumps(getattr(value, 'value', value))}`"


def table(config: type[NodeConfig], names: list[str]) -> Iterator[str]:
    yield from ("| key | default | |", "|---|---|---|")
    for name in names:
        field = config.model_fields[name]
        about = " ".join((field.description or "").split()).replace("|", "\\|")
        yield f"| `{field.alias or name}` | {default(field)} | {about} |"


def page() -> str:
    lines = [HEAD]
    for key, node in sorted(shipped_nodes().items()):
        lines += [f"## {key}\n", inspect.getdoc(import_module(type(node).__module__)) or "", ""]
        lines += [*table(node.config, [name for name in node.config.model_fields if name not in COMMON]), ""]
    return "\n".join([*lines, "## Properties of every node\n", *table(NodeConfig, list(COMMON)), ""])


COMMON = NodeConfig.model_fields


def test_the_page_says_what_the_files_say() -> None:
    if os.environ.get("PODIUM_GOLDEN") == "write":
        PAGE.write_text(page())

    assert PAGE.read_text() == page()
