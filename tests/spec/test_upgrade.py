"""Files of older versions are read as what they mean today, told so, and written so only when asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.errors import UsageError
from podium.graph.closure import closure
from podium.spec.dump import dump
from podium.spec.format import formatted
from podium.spec.load import LANGUAGE, load
from podium.spec.render import render
from podium.spec.upgrade.chain import STEPS

TYPES = shipped_nodes().configs()
GOLDEN = Path(__file__).parents[1] / "golden" / "upgrade"
OLD = (GOLDEN / "v0.yaml").read_text(encoding="utf-8")


def codes(text: str) -> list[tuple[str, str]]:
    return [(found.severity, found.code) for found in load(text, file="t.yaml", node_types=TYPES).diagnostics]


def test_there_is_a_step_from_every_older_version() -> None:
    assert sorted(STEPS) == list(range(LANGUAGE))


def test_an_old_file_is_loaded_with_a_note_that_says_what_it_is_read_as() -> None:
    loaded = load(OLD, file="v0.yaml", node_types=TYPES)

    assert loaded.workflow is not None
    assert render(loaded.diagnostics, texts={"v0.yaml": OLD}) == (
        "v0.yaml:2:9: SP023: note: this is written in language version 0, and read as version 1; "
        "`prompt` is now `llm`; `needs` is now `after`\n"
        "   2 | podium: 0   # as it was\n"
        "     |         ^ `podium fmt --upgrade` writes it so\n"
    )


def test_the_upgraded_file_is_the_golden_one_and_means_the_same() -> None:
    text = formatted(OLD, file="v0.yaml", node_types=TYPES, upgrade=True)
    if os.environ.get("PODIUM_GOLDEN") == "write":
        (GOLDEN / "v0.upgraded.yaml").write_text(text, encoding="utf-8")

    assert text == (GOLDEN / "v0.upgraded.yaml").read_text(encoding="utf-8")
    old, new = (load(one, file="t.yaml", node_types=TYPES).workflow for one in (OLD, text))
    assert old is not None
    assert new is not None
    assert closure(old) == closure(new)


def test_a_version_that_a_run_is_pinned_to_is_of_this_version_of_the_language() -> None:
    workflow = load(OLD, file="v0.yaml", node_types=TYPES).workflow
    assert workflow is not None

    pinned = closure(workflow).decode()

    assert codes(pinned) == []
    assert load(pinned, file="v0.yaml", node_types=TYPES).workflow == workflow


def test_an_old_file_is_not_formatted_without_being_asked_to_upgrade_it() -> None:
    with pytest.raises(UsageError) as caught:
        formatted(OLD, file="v0.yaml", node_types=TYPES)

    assert caught.value.code == "SP024"


def test_a_mistake_in_an_old_file_is_shown_where_it_is_written() -> None:
    loaded = load("podium: 0\nname: t\nnodes:\n  a: {prompt: 3}\n", file="t.yaml", node_types=TYPES)

    (found,) = [found for found in loaded.diagnostics if found.severity == "error"]
    assert (found.code, found.place) == ("SP012", (4, 15, 16))


def test_old_and_new_key_in_one_node_is_a_mistake() -> None:
    assert codes("podium: 0\nname: t\nnodes:\n  a: {prompt: x, llm: y}\n") == [("note", "SP023"), ("error", "SP010")]


@pytest.mark.parametrize("version", ["2", "-1", '"0"', "0.0", "[0]"])
def test_what_is_neither_this_version_nor_an_older_one_is_refused(version: str) -> None:
    assert codes(f"podium: {version}\nname: t\nnodes: {{a: {{llm: x}}}}\n") == [("error", "SP006")]


def test_a_file_that_says_no_version_is_not_taken_for_an_old_one() -> None:
    assert codes("name: t\nnodes: {a: {llm: x}}\n") == [("error", "SP011")]


@pytest.mark.parametrize(
    "nodes", ["3", "[]", "{}", "{a: 3}", "{a: []}", "{a: {do: [x]}}", "{a: {prompt: x, do: {b: 1}}}"]
)
def test_whatever_stands_in_an_old_file_it_gives_a_reason(nodes: str) -> None:
    assert ("note", "SP023") in codes(f"podium: 0\nname: t\nnodes: {nodes}\n")


def test_a_changed_old_file_is_written_in_this_version_with_its_comments() -> None:
    workflow = load(OLD, file="v0.yaml", node_types=TYPES).workflow
    assert workflow is not None

    same = dump(workflow, original=OLD, node_types=TYPES)
    text = dump(workflow.model_copy(update={"owner": "x"}), original=OLD, node_types=TYPES)

    assert same == OLD
    assert "podium: 1  # as it was" in text
    assert "# inside, too" in text
