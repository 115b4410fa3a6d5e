"""Reference pages that come from the code say what the code says; `make golden` writes them anew."""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

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
from podium.spec.settings.model import Settings

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


SETTINGS_HEAD = """# Settings

What an installation has decided: `podium.toml`. Written from `podium/spec/settings/` by `make golden`.

The file stands beside the folder `.podium`, or in the folder that `PODIUM_HOME` names, so where a command is started
from changes nothing. Every section may be missing; a key that does not exist stops every command that drives runs
([AP070](../errors/AP070.md)). Policies stand in the folder `policies/` beside it."""


def settings_page() -> str:
    """Return the page of settings: a table for each section and for each form that stands in one."""
    schema = Settings.model_json_schema(mode="validation")
    parts = [SETTINGS_HEAD]
    for name, section in schema["properties"].items():
        about = section.get("description", "")
        parts.append("\n".join([f"## `{name}`", "", about, "", *_setting_rows(section, schema)]).rstrip())
    inline = {_named(section) for section in schema["properties"].values()}
    for name, form in sorted(schema.get("$defs", {}).items()):
        if form.get("type") == "object" and name not in inline:
            title = [f"## {name}", "", " ".join(form.get("description", "").split()), ""]
            parts.append("\n".join([*title, *_form_rows(form)]).rstrip())
    return "\n\n".join(parts) + "\n"


def _setting_rows(section: Any, schema: Any) -> Iterator[str]:
    name = _named(section)
    if not name:
        yield f"{_form(section)}."
        return
    yield from _form_rows(schema["$defs"][name])


def _named(section: Any) -> str:
    return str(section.get("$ref", "")).rpartition("/")[2]


def _form_rows(form: Any) -> Iterator[str]:
    properties = form.get("properties", {})
    if not properties:
        return
    yield "| key | form | default | |"
    yield "|---|---|---|---|"
    for key, found in properties.items():
        default = "" if key in form.get("required", ()) else f"`{json.dumps(found.get('default'))}`"
        about = " ".join(found.get("description", "").split())
        yield f"| `{key}` | {_form(found)} | {default if default != '`null`' else ''} | {about} |".replace("\n", " ")


def _form(found: Any) -> str:
    """Return what a value looks like, in a few words."""
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in found:
            return " or ".join(dict.fromkeys(_form(one) for one in found[key] if one.get("type") != "null"))
    if "enum" in found:
        return ", ".join(f"`{choice}`" for choice in found["enum"])
    if "const" in found:
        return f"`{found['const']}`"
    match found.get("type"):
        case "array":
            return f"list of {_form(found.get('items', {}))}"
        case "object":
            inner = found.get("additionalProperties") or next(iter(found.get("patternProperties", {}).values()), None)
            return f"by name: {_form(inner)}" if isinstance(inner, dict) else "mapping"
        case "string":
            return "text"
        case other:
            return str(other or "anything")


PAGES: dict[str, Callable[[], str]] = {
    "reference/records.md": records_page,
    "errors/index.md": errors_page,
    "reference/settings.md": settings_page,
}


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
