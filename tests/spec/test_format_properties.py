"""Random workflows in random layouts with comments everywhere: what `fmt` and `dump` promise holds for all of them.

The workflows are drawn from the models: for every field of every node type, those values of a pool that its model
accepts. A new node type or setting is drawn without a change here; where the pool has nothing for it, the last test
says so.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from podium.app.nodes import shipped_nodes
from podium.spec.dump import dump
from podium.spec.format import formatted, same
from podium.spec.load import load
from podium.spec.model import NodeConfig, Workflow
from podium.spec.schema import workflow_schema

Json = Any

TYPES = shipped_nodes().configs()
CONTEXT = {"node_types": TYPES}
SCHEMA = workflow_schema(TYPES)

LONG = "a text that goes on and on " * 7
TEXTS = [
    *("x", "inputs.a", "a b", "a: b", "a #b", "it's", 'say "x"', "C:\\x", "true", "3", "- x", "[x", "#x", "*x", "@x"),
    *("two\nlines", "two\nlines\n", "\n\n", " first\nsecond", "end \nof line", "tab\there", "three\n\n\nends\n"),
    *(LONG.strip(), LONG + "\n" + LONG, "a\n  b\nc", "\x85", "\u2028x", "\ufeff", "~", "", "0x1f", ": x", "ä😀"),
    *("${inputs.a}", "${a.out} and\n${b.out}"),
]  # fmt: skip
POOL: list[Json] = [
    *(*TEXTS, True, False, 0, 1, 3, 0.5, 1e21, None),
    *("10s", "24h", "continue", "ask", "all", "any", "fail", "last", "list", "first", "out", "kind"),
    *("files.write", "done", "reject", "fact", {"prefer": "cheap"}),
    *([], ["a"], ["a", "b"], {}, {"a": "x"}, {"a": {"b": ["x", 1]}, "c": []}, [["a"], {"b": 1}]),
    *({"total": "1m", "idle": "5s"}, {"max": 2, "backoff": "1s"}, {"max": 1}, {"key": "inputs.a"}, {"quorum": 2}),
    *({"roles": ["a"], "count": 2}, {"stages": [{"people": ["a"]}, {"groups": ["b"]}], "four_eyes": ["requester"]}),
    *({"signal": "go"}, {"signal": "go", "expires": "2d"}, {"until": "inputs.a"}, {"callback": True}),
    *({"transform": "x"}, {"inner": {"transform": "x"}}, {"inner": {"llm": "two\nlines\n"}, "b": {"end": "failed"}}),
    *([{"transform": "x"}], [{"when": "true", "then": "a"}], [{"check": "1 < 2", "message": "no"}], {"timeout": "a"}),
    *("process", "python", ["git.log"], ["a.txt"], {"cpu": "5s", "memory": "64MB"}),
    *([{"on": ["timeout"], "do": {"inner": {"transform": "x"}}}], {"max_failed": 3}, {"enum": ["a"]}, {"b?": ["text"]}),
    *(["email"], {"banned": ["a"]}, "flag"),
]  # fmt: skip


def accepts(model: type[BaseModel], value: Json) -> bool:
    try:
        model.model_validate(value, context=CONTEXT, by_alias=True, by_name=False)
    except ValidationError:
        return False
    return True


@cache
def base_of(key: str) -> str:
    """Return the smallest node of a type, as JSON: what its example says, without what can be left out."""
    config = TYPES[key]
    shown = cast("list[dict[str, Json]]", SCHEMA["$defs"][config.__name__]["examples"])
    node = dict((shown or [{key: value} for value in POOL if accepts(config, {key: value})])[0])
    for setting in [*node, *node]:
        rest = {one: value for one, value in node.items() if one != setting}
        if setting in node and setting != key and accepts(config, rest):
            node = rest
    return json.dumps(node)


BESIDE: list[dict[str, Json]] = [
    *({}, {"expires": "24h"}, {"reduce": "concat"}, {"reduce": "agree"}, {"reduce": "rank", "by": "value"}),
    *({"reduce": "custom", "make": "values"}, {"wait": "any"}, {"wait": "first_valid", "valid": "true"}),
    *({"reduce": "agree", "on_conflict": "judge", "judge": "x"}, {"revise": "a"}, {"injection": True}),
]  # fmt: skip
"""What must stand beside a setting for it to be allowed: one of these."""


@cache
def choices(key: str) -> Mapping[str, list[dict[str, Json]]]:
    """Return, for each field of a node type, the values of the pool that it takes, with what they need beside them."""
    fields = [field.alias or name for name, field in TYPES[key].model_fields.items()]
    return {name: [found for value in POOL if (found := _with_needs(key, name, value))] for name in fields}


def _with_needs(key: str, name: str, value: Json) -> dict[str, Json] | None:
    base = json.loads(base_of(key))
    found = ({**beside, name: value} for beside in BESIDE)
    return next((one for one in found if accepts(TYPES[key], {**base, **one})), None)


@st.composite
def nodes(draw: st.DrawFn) -> dict[str, Json]:
    key = draw(st.sampled_from(sorted(TYPES)))
    node: dict[str, Json] = json.loads(base_of(key))
    for name in draw(st.lists(st.sampled_from(sorted(choices(key))), max_size=5, unique=True)):
        if choices(key)[name]:
            changed = {**node, **draw(st.sampled_from(choices(key)[name]))}
            node = changed if accepts(TYPES[key], changed) else node
    shuffled = draw(st.permutations(sorted(node)))
    return {name: node[name] for name in shuffled}


NAMES = ["a", "b", "c", "d_1", "write"]
TOOLS: list[Json] = [
    {"python": "podium.tools.files", "root": "./out", "effect": "write", "delivery": "keyed"},
    {"mcp": ["server", "--flag"], "effect": "read", "delivery": "repeatable", "functions": {"x": {"effect": "none"}}},
]
TYPE_WORDS: list[Json] = [
    "text",
    ["text"],
    {"a": "text", "b?": "integer"},
    {"enum": ["x"]},
    {"type": "integer", "minimum": 4},
]
INPUTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(TYPE_WORDS),
        "about": st.sampled_from(TEXTS),
        "default": st.sampled_from([None, *TEXTS, 3, ["a"]]),
    },
)
WORKFLOWS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "podium": st.just(1),
        "name": st.just("t"),
        "nodes": st.dictionaries(st.sampled_from(NAMES), nodes(), min_size=1, max_size=3),
    },
    optional={
        "description": st.sampled_from(TEXTS),
        "owner": st.sampled_from(TEXTS),
        "inputs": st.dictionaries(st.sampled_from(NAMES), INPUTS, max_size=2),
        "tools": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TOOLS), max_size=2),
        "budget": st.sampled_from([None, {"usd": 0.5, "tokens": 10, "wall": "20m"}]),
        "timeout": st.sampled_from(["1h", {"total": "1h", "idle": "1m"}]),
        "autonomy": st.sampled_from(["suggest", "autonomous"]),
        "governor": st.sampled_from([{"repeats": 10}, {"repeats": 0, "per_minute": 60}]),
        "result": st.sampled_from(["a.out", "size(a.out) < 3", True]),
    },
)


class Writer:
    """Writes values in any layout that YAML has, with a numbered comment wherever one may stand."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.comments = 0
        self.anchors = 0
        self.names: dict[str, str] = {}

    def one_in(self, n: int) -> bool:
        return self.draw(st.integers(1, n)) == n

    def comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments} it's: [a"

    def between(self, column: int) -> str:
        """Return lines that may stand before an entry at a column: empty ones and comments."""
        text = "\n" * self.draw(st.integers(0, 2)) if self.one_in(3) else ""
        if self.one_in(4):
            text += " " * self.draw(st.integers(0, column)) + self.comment() + "\n"
        return text + ("\n" if self.one_in(6) else "")

    def beside(self) -> str:
        return f"{' ' * self.draw(st.integers(1, 3))}{self.comment()}" if self.one_in(5) else ""

    def value(self, value: Json, column: int, *, block: bool = False) -> str:
        """Return what stands behind the `:` or the `-` of an entry at a column, its line end included."""
        if isinstance(value, dict | list) and value and (block or not self.one_in(2)):
            return f"{self.beside()}\n" + self.block(value, column + self.draw(st.integers(1, 3)))
        if isinstance(value, str) and (text := self.literal(value, column)):
            return text
        return f"{' ' * self.draw(st.integers(1, 2))}{self.flow(value, column)}{self.beside()}\n"

    def block(self, value: Json, column: int) -> str:
        if isinstance(value, dict):
            parts = [(f"{self.key(key)}:", inner) for key, inner in cast("dict[str, Json]", value).items()]
        else:
            parts = [("-", inner) for inner in cast("list[Json]", value)]
        text = "".join(
            f"{self.between(column)}{' ' * column}{head}{self.value(inner, column)}" for head, inner in parts
        )
        return text + (" " * column + self.comment() + "\n" if self.one_in(6) else "")

    def key(self, key: str) -> str:
        return json.dumps(key) if self.one_in(8) or not re.fullmatch(r"[a-z_]+\??", key) else key

    def literal(self, text: str, column: int) -> str:
        lines = text.removesuffix("\n").split("\n")
        fits = re.fullmatch(r"[ -~ä\n]+", text) and not text.endswith("\n\n") and lines[-1].strip()
        if not fits or text[0] in " \n" or not self.one_in(3 if "\n" in text else 6):
            return ""
        indent = " " * (column + self.draw(st.integers(1, 3)))
        body = "".join(f"{indent}{line}\n" if line else "\n" for line in lines)
        return f" |{'' if text.endswith(chr(10)) else '-'}{self.beside()}\n{body}"

    def flow(self, value: Json, column: int) -> str:
        """Return a value on one line or in brackets; one that stood before perhaps by its name."""
        said = json.dumps(value)
        if said in self.names and not self.one_in(3):
            return f"*{self.names[said]} "
        if not self.one_in(6):
            return self.plain(value, column)
        self.anchors += 1
        name = f"n{self.anchors}"
        text = f"&{name} {self.plain(value, column)}"
        self.names[said] = name
        return text

    def plain(self, value: Json, column: int) -> str:
        if isinstance(value, dict):
            entries = cast("dict[str, Json]", value).items()
            parts = [f"{json.dumps(key)}: {self.flow(inner, column)}" for key, inner in entries]
            return "{" + self.separated(parts, column) + "}"
        if isinstance(value, list):
            return "[" + self.separated([self.flow(inner, column) for inner in cast("list[Json]", value)], column) + "]"
        if isinstance(value, str) and re.fullmatch(r"[a-z]+(?:[ .][a-z]+)*", value) and not self.one_in(3):
            return value if value not in {"true", "null"} else f"'{value}'"
        escaped = json.dumps(value, ensure_ascii=False)
        return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", escaped)

    def separated(self, parts: list[str], column: int) -> str:
        if not self.one_in(4):
            return ", ".join(parts)
        pad = "\n" + " " * (column + 1)
        lines = [f"{part}{',' if number < len(parts) else ''}{self.beside()}" for number, part in enumerate(parts, 1)]
        own = f"{pad}{self.comment()}" if self.one_in(2) else ""
        return f"{pad}{pad.join(lines)}{own}{pad}"


@st.composite
def texts(draw: st.DrawFn) -> str:
    value = draw(WORKFLOWS)
    writer = Writer(draw)
    order = draw(st.permutations(sorted(value)))
    text = writer.block({key: value[key] for key in order}, 0)
    return text if draw(st.booleans()) else text.rstrip("\n")


def read(text: str) -> Workflow:
    loaded = load(text, file="t.yaml", node_types=TYPES)
    assert loaded.workflow is not None, (text, loaded.diagnostics)
    return loaded.workflow


def fmt(text: str) -> str:
    return formatted(text, file="t.yaml", node_types=TYPES)


@given(texts())
def test_the_canonical_form_means_the_same_and_is_its_own_canonical_form(text: str) -> None:
    once = fmt(text)

    assert same(read(once), read(text))
    assert fmt(once) == once


@given(texts())
def test_every_comment_is_kept_exactly_once(text: str) -> None:
    comments = re.findall(r"# c\d+ it's: \[a", text)

    assert sorted(re.findall(r"# c\d+ it's: \[a", fmt(text))) == sorted(comments)


@given(texts())
def test_no_line_ends_with_a_space_and_no_two_empty_lines_follow_each_other_outside_of_texts(text: str) -> None:
    lines = fmt(text).split("\n")

    told = "\n".join(lines)
    if "|" not in told and ">" not in told:
        assert "\n\n\n" not in told
        assert all(line == line.rstrip() for line in lines)
    assert lines[-2:][1] == ""
    assert lines[0] != ""


@given(texts())
def test_what_was_not_changed_is_written_back_byte_for_byte(text: str) -> None:
    assert dump(read(text), original=text, node_types=TYPES) == text


@given(WORKFLOWS)
def test_a_workflow_without_a_file_is_written_in_canonical_form(value: Json) -> None:
    workflow = read(json.dumps(value))

    text = dump(workflow, node_types=TYPES)

    assert same(read(text), workflow)
    assert fmt(text) == text


@given(text=texts(), other=WORKFLOWS)
def test_any_change_of_the_model_can_be_written_into_any_file(text: str, other: Json) -> None:
    wanted = read(json.dumps(other))

    assert same(read(dump(wanted, original=text, node_types=TYPES)), wanted)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Workflow]:
    """Return a file, and what it says with one setting of one node changed."""
    value = draw(WORKFLOWS)
    text = Writer(draw).block(value, 0)
    node = draw(st.sampled_from(sorted(value["nodes"])))
    about = draw(st.sampled_from([text for text in TEXTS if text != value["nodes"][node].get("about", "")]))
    value["nodes"][node]["about"] = about
    return text, read(json.dumps(value))


@given(edits())
def test_a_changed_setting_changes_its_own_lines_alone(edit: tuple[str, Workflow]) -> None:
    text, new = edit

    result = dump(new, original=text, node_types=TYPES)

    assert same(read(result), new)
    if re.search(r"\*n\d", text):
        return  # what an alias stands for may have to be written out where it is used
    assert len(list(hunks(text, result))) <= 1
    gone = set(re.findall(r"# c\d+", text)) - set(re.findall(r"# c\d+", result))
    assert len(gone) <= 1, "only what stood within the value that was replaced"


def hunks(one: str, other: str) -> Iterator[tuple[int, int]]:
    matcher = difflib.SequenceMatcher(None, one.splitlines(), other.splitlines(), autojunk=False)
    for kind, start, end, _, _ in matcher.get_opcodes():
        if kind != "equal":
            yield start, end


def test_the_pool_has_values_for_every_setting_of_every_node_type() -> None:
    missing = {f"{key}.{name}": values for key in TYPES for name, values in choices(key).items() if not values}

    assert missing == {}, "teach the pool a value for these, or the properties prove less"
    assert all(issubclass(config, NodeConfig) for config in TYPES.values())
