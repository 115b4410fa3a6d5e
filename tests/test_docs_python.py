"""The Python pages are executed, and the reference of the Python API is what the code says."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import podium
from podium.building import make
from podium.building.nodes import LoopNode, MapNode, Node, Nodes, ScopeNode
from podium.building.signatures import method, shipped
from podium.testing import ScriptedModel
from podium.testing.conformance.nodes import NodeTypeSuite

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parent.parent / "docs"
PYTHON = re.compile(r"^```python\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
EXECUTED = {"tutorial/from-python.md": 3, "howto/add-a-node-type.md": 1}
"""Pages, and how many tests their Python defines."""


def names_of(page: str) -> dict[str, Any]:
    """Execute the Python of a page, block after block in one namespace."""
    names: dict[str, Any] = {"__name__": page}
    text = (DOCS / page).read_text(encoding="utf-8")
    for match in PYTHON.finditer(text):
        exec(compile(match["body"], page, "exec"), names)
    return names


@pytest.mark.parametrize("page", EXECUTED)
async def test_the_python_of_a_page_does_what_it_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_HOME", str(tmp_path))
    names = await asyncio.to_thread(names_of, page)
    model = ScriptedModel(answer=lambda _: "Say hello to dark mode.")
    run, start = podium.run, podium.start
    names["podium"] = _with_model(run, start, model)
    tests = [names[name] for name in names if name.startswith("test_")]

    assert len(tests) == EXECUTED[page]
    for test in tests:
        await test()


def _with_model(run: Any, start: Any, model: ScriptedModel) -> ModuleType:
    """Return the package as a page sees it, where nobody has a model: only what is asked is scripted."""
    scripted = ModuleType("podium")
    vars(scripted).update({name: getattr(podium, name) for name in podium.__all__})

    async def run_with(*args: Any, **kwargs: Any) -> Any:
        return await run(*args, **{"model": model, **kwargs})

    async def start_with(*args: Any, **kwargs: Any) -> Any:
        return await start(*args, **{"model": model, **kwargs})

    vars(scripted).update(run=run_with, start=start_with)
    return scripted


async def test_the_suite_on_the_page_of_node_types_passes() -> None:
    names = await asyncio.to_thread(names_of, "howto/add-a-node-type.md")
    suite = names["TestSummary"]()
    assert isinstance(suite, NodeTypeSuite)

    claims = [name for name in dir(suite) if name.startswith("test_") and "its_code" not in name]  # it has no file
    assert len(claims) >= 8
    for name in claims:
        found = getattr(suite, name)()
        if inspect.iscoroutine(found):
            await found


# ── the reference ──

HEAD = """# The Python API

What `import podium` gives. Written from the code by `make golden`. How it is used:
[from Python](../tutorial/from-python.md)."""


MARKS = {
    "EffectKey": "The type of a parameter of a tool that is given the idempotency key of the call.",
    "Progress": "The type of a parameter of a tool that is given a function: call it with text as a sign of life.",
}
"""Annotations that mean something, and have no docstring of their own at run time."""


def page() -> str:
    blocks = [HEAD]
    for name in podium.__all__:
        value = getattr(podium, name)
        if name in ("make", "sync"):
            blocks += _module(name, value)
        elif inspect.isclass(value):
            blocks += _class(f"podium.{name}", value)
        elif inspect.isfunction(value):
            blocks.append(_function(f"podium.{name}", value))
        else:
            blocks += [f"## podium.{name}", MARKS[name]]
    for kind in (Node, MapNode, LoopNode, ScopeNode):
        blocks += _class(kind.__name__, kind)
    return "\n\n".join(blocks) + "\n"


def _module(name: str, module: Any) -> Iterator[str]:
    yield f"## podium.{name}"
    yield _told(module)
    for function in sorted(module.__all__ if hasattr(module, "__all__") else ("run", "start")):
        value = getattr(module, function)
        if inspect.isfunction(value):
            yield _function(f"podium.{name}.{function}", value, level=3)
    if name == "make":
        yield "### What every node may carry"
        yield (
            "\n".join(f"- `{key}`: `{kind}`" for key, kind in make.Properties.__annotations__.items())
            .replace("ForwardRef('", "")
            .replace("', module='podium.building.make')", "")
            .replace("')", "")
        )


def _class(name: str, kind: type[Any]) -> Iterator[str]:
    yield f"## {name}"
    yield _told(kind)
    own = vars(kind) if not issubclass(kind, Nodes) else {**vars(Nodes), **vars(kind)}
    for member, value in sorted(own.items()):
        if member.startswith("_") or member in {"podium_name", "shop", "loaded", "check", "config", "declared"}:
            continue
        if isinstance(value, property):
            yield f"**`{member}`** {_told(value)}"
        elif inspect.isfunction(value) or isinstance(value, classmethod):
            yield _function(f"{kind.__name__}.{member}", getattr(kind, member), level=3)
    if issubclass(kind, Nodes):
        methods = ", ".join(f"`{method(key)}`" for key in shipped())
        yield f"One method for each node type, with the name first and then as in `podium.make`: {methods}, and `node`."


def _function(name: str, function: Any, *, level: int = 2) -> str:
    signature = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(function)))
    return f"{'#' * level} {name}\n\n```text\n{name}{signature}\n```\n\n{_told(function)}"


def _told(value: object) -> str:
    text = inspect.getdoc(value) or ""
    if inspect.isclass(value) and (found := re.match(r".*rules of the module[^\n]*\n?", text)):
        text = (inspect.getdoc(inspect.getmodule(value)) or "") + "\n" + text[found.end() :]
    # sections of a docstring as lists
    text = re.sub(r"^(Args|Attributes|Raises|Returns):$", r"**\1**\n", text, flags=re.MULTILINE)
    return re.sub(r"^    (\w[\w., ]*): ", r"- `\1`: ", text, flags=re.MULTILINE)


def test_the_reference_is_what_the_code_says() -> None:
    file = DOCS / "reference" / "python.md"
    if os.environ.get("PODIUM_GOLDEN") == "write":
        file.write_text(page(), encoding="utf-8")

    assert file.read_text(encoding="utf-8") == page(), "run `make golden` and read the diff"
