"""What is written for people is executed: every whole workflow in the pages and the node types.

A block says what comes of it:

- `run="ok"`: it lints without an error and runs to `done` with scripted models and tools, questions answered with yes;
- `run="rejected"`: the same with every question answered with no, and the run ends `denied`;
- `run="waits: signal"`: it rests with this status;
- `run="error: EX003"`: it is refused, and the only finding has this code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from anyio import to_thread

from podium.adapters.sandbox.installed import InstalledSandboxes
from podium.app.nodes import shipped_nodes
from podium.app.publish import check_file
from podium.graph.model import Graph
from podium.spec.node import UsesTool
from podium.testing.example import example_value
from podium.testing.running import run_workflow

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
NODE_TYPES = sorted((ROOT / "src" / "podium" / "nodes").glob("[a-z]*.py"))
NODES = shipped_nodes()
FENCE = re.compile(r'^```yaml(?: run="(?P<want>[^"]+)")?\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<target>[^)#\s]+)(#[^)]*)?\)")


class Block(NamedTuple):
    """A YAML block: where it stands, what it promises ("" for a fragment), its text."""

    where: str
    want: str
    text: str


def texts() -> Iterator[tuple[str, str]]:
    """Yield every text that may hold blocks, `(file, text)`."""
    for page in PAGES:
        yield str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")
    for file in NODE_TYPES:
        yield f"nodes/{file.name}", ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


def blocks() -> list[Block]:
    """Return all YAML blocks."""
    return [
        Block(f"{file}:{text.count(chr(10), 0, match.start()) + 1}", match["want"] or "", match["body"])
        for file, text in texts()
        for match in FENCE.finditer(text)
    ]


def world(graph: Graph) -> dict[str, object]:
    """Return an answer for every tool function that a graph calls, `{"grant.function": value}`."""
    called: dict[str, object] = {}
    for node in graph.nodes:
        if isinstance(node.config, UsesTool):
            called[f"{node.config.grant}.{node.config.function}"] = example_value(node.out.schema)
        for inner in (*node.fallbacks, *([node.compensation] if node.compensation else [])):
            if isinstance(inner.config, UsesTool):
                called[f"{inner.config.grant}.{inner.config.function}"] = example_value(inner.out.schema)
        for body in node.bodies.values():
            called |= world(body)
    return called


@pytest.mark.anyio
@pytest.mark.parametrize("block", [block for block in blocks() if block.want], ids=lambda block: block.where)
async def test_a_workflow_does_what_the_page_says(block: Block, tmp_path: Path) -> None:
    verdict, _, wanted = block.want.partition(": ")
    file = tmp_path / "workflow.yaml"
    file.write_text(block.text, encoding="utf-8")

    checked = await to_thread.run_sync(check_file, file, NODES)

    errors = [diagnostic.code for diagnostic in checked.diagnostics if diagnostic.severity == "error"]
    assert errors == ([wanted] if verdict == "error" else [])
    if checked.compiled is None:
        return

    sandboxes = InstalledSandboxes()
    try:
        result = await run_workflow(
            checked.compiled,
            tools=world(checked.compiled.graph),
            sandboxes=sandboxes,
            answers={"*": "rejected" if verdict == "rejected" else "approved"},
        )
    finally:
        await sandboxes.close()

    assert result.status == {"ok": "done", "rejected": "denied", "waits": wanted}[verdict]


@pytest.mark.anyio
async def test_the_tests_on_the_testing_page_pass() -> None:
    page = (ROOT / "docs" / "howto" / "test-a-workflow.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for match in PYTHON.finditer(page):
        exec(compile("from __future__ import annotations\n" + match["body"], "test-a-workflow.md", "exec"), names)
    tests = [name for name in names if name.startswith("test_")]

    assert len(tests) == 5
    for name in tests:
        await names[name]()


def test_there_are_blocks_to_test() -> None:
    wants = {block.want.partition(":")[0] for block in blocks()}

    assert {"ok", "rejected", "waits", "error"} <= wants
    assert len(NODE_TYPES) >= 10


def test_no_whole_workflow_goes_unexecuted() -> None:
    whole = re.compile(r"^podium: \d", re.MULTILINE)

    assert [block.where for block in blocks() if not block.want and whole.search(block.text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [match["target"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_reachable_from_the_readme() -> None:
    seen, queue = set[Path](), [ROOT / "README.md"]
    while queue:
        page = queue.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        links = LINK.finditer(page.read_text(encoding="utf-8"))
        queue.extend((page.parent / match["target"]).resolve() for match in links)

    generated = {page for page in PAGES if page.parent.name == "errors"}  # one a code; the index of codes lists them
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in seen | generated] == []


@pytest.mark.parametrize("record", sorted((ROOT / "docs" / "adr").glob("0*.md")), ids=lambda record: record.stem)
def test_a_decision_fits_on_a_page_and_names_all_its_parts(record: Path) -> None:
    text = record.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 60
    assert [part for part in ("Context", "Drivers", "Options", "Outcome", "Consequences")
            if f"## {part}\n" not in text] == []  # fmt: skip
