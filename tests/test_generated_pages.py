"""Reference pages that come from the code say what the code says; `make golden` writes them anew."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from podium.app.nodes import shipped_nodes
from podium.errors import ErrorKind
from podium.ledger import record
from podium.ledger.store import WaitReason
from podium.spec.model import (
    BudgetSpec,
    ConcurrencySpec,
    FunctionSpec,
    InputSpec,
    NodeConfig,
    Retry,
    Timeout,
    ToolSpec,
    Workflow,
)
from podium.spec.node import HANDLED_PORTS

DOCS = Path(__file__).parent.parent / "docs"
ATTRIBUTE = re.compile(r"^    (?P<names>\w+(?:, \w+)*): (?P<text>.*(?:\n     .*)*)", re.MULTILINE)


HEAD = """# Records

What happened, kind by kind. Written from `podium/ledger/record.py` by `make golden`.

Stored is canonical JSON of `{at, attempt?, body: {kind, …}, key?, path?, prev, seq, stream, v}`; fields with their
default value are left out. `hash` is SHA-256(0x00 || bytes), the leaf hash of RFC 6962; `prev` is the hash of the
record before it, 64 zeros for the first. A *payload* stands outside the chain. Why:
[ADR 0003](../adr/0003-canonical-records.md)."""


def records_page() -> str:
    """Return the page of record kinds: a table of fields each."""
    kinds = (*get_args(record.AnyBody), record.GateDecision, record.Reservation, record.PayloadRef)
    return "\n\n".join([HEAD, *("\n".join(_kind(kind)) for kind in kinds)]) + "\n"


def _kind(kind: type[msgspec.Struct]) -> Iterator[str]:
    text = inspect.cleandoc(kind.__doc__ or "")
    told, _, attributes = text.partition("\nAttributes:\n")
    config = kind.__struct_config__
    yield f"## {config.tag or kind.__name__}"
    yield ""
    yield told.strip().replace("\n", " ")
    fields = msgspec.structs.fields(kind)
    if not fields:
        return
    meanings = {
        name: " ".join(match["text"].split())
        for match in ATTRIBUTE.finditer(attributes)
        for name in match["names"].split(", ")
    }
    yield ""
    yield "| field | type | |"
    yield "|---|---|---|"
    for field in fields:
        optional = "" if field.required else "?"
        yield f"| `{field.name}{optional}` | {_type(field.type)} | {meanings.get(field.name, '')} |"


def _type(annotation: object) -> str:
    """Return what stands in the JSON."""
    text = re.sub(r"podium\.[\w.]+\.|typing\.", "", str(annotation)).removeprefix("<class '").removesuffix("'>")
    choices = re.findall(r"Literal\[(.*?)\]", text)
    if choices:
        return " ".join(f"`{choice}`" for choice in ", ".join(choices).replace("'", "").split(", ") if choice)
    if "PayloadRef" in text:
        return "payload"
    for struct in ("GateDecision", "Reservation"):
        if struct in text:
            return f"[{struct}](#{struct.lower()})"
    if "tuple" in text:
        return "texts"
    return "boolean" if text == "bool" else "integer" if "int" in text or "Millis" in text else "text"


def errors_page() -> str:
    """Return the list of error codes with the titles of their pages."""
    pages = sorted((DOCS / "errors").glob("[A-Z]*.md"))
    titles = [page.read_text(encoding="utf-8").splitlines()[0].removeprefix(f"# {page.stem}: ") for page in pages]
    rows = [f"| [{page.stem}]({page.name}) | {title} |" for page, title in zip(pages, titles, strict=True)]
    return (
        "# Error codes\n\nEach page says what it means and what to do.\n\n| | |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


PAGES: dict[str, Callable[[], str]] = {"reference/records.md": records_page, "errors/index.md": errors_page}


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    page = DOCS / name
    if os.environ.get("PODIUM_GOLDEN") == "write":
        page.write_text(PAGES[name](), encoding="utf-8")

    assert page.read_text(encoding="utf-8") == PAGES[name](), "run `make golden` and read the diff"


@pytest.mark.parametrize(
    "model",
    [Workflow, NodeConfig, InputSpec, ToolSpec, FunctionSpec, Retry, Timeout, BudgetSpec, ConcurrencySpec],
    ids=lambda model: model.__name__,
)
def test_every_key_of_the_language_is_told(model: type[NodeConfig]) -> None:
    assert sorted(set(model.model_fields) - told_of_the_language()) == []


@pytest.mark.parametrize(
    "words",
    [
        get_args(ErrorKind),
        HANDLED_PORTS,
        get_args(record.RunStatus),
        tuple(f"waiting({reason})" for reason in get_args(WaitReason)),
        tuple(shipped_nodes()),
    ],
    ids=["kinds of error", "ports", "ends of a run", "waits", "node types"],
)
def test_every_word_that_a_run_answers_with_is_told(words: tuple[str, ...]) -> None:
    assert sorted(set(words) - told_of_the_language()) == []


def told_of_the_language() -> set[str]:
    """Return the words that the page of the language shows as code."""
    text = (DOCS / "reference" / "language.md").read_text(encoding="utf-8")
    spans = re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    return {word for span in spans for word in (span, *re.split(r"[,\s]+", span))}
