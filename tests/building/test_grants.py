"""A grant names what a later process can find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import podium
from podium.errors import UsageError
from podium.spec.tool import ToolSpec
from podium.testing.conformance import subject
from podium.tools import text


def unmarked() -> str:
    """Do nothing."""
    return ""


def inner() -> Callable[..., Any]:
    @podium.tool(effect="none", delivery="repeatable")
    async def local() -> str:
        """Do nothing."""
        return ""

    return local


def test_a_grant_has_the_widest_effect_and_says_what_is_special() -> None:
    assert podium.grant(subject.echo, subject.which_key, approval="required") == ToolSpec.model_validate(
        {
            "python": "podium.testing.conformance.subject",
            "effect": "write",
            "delivery": "keyed",
            "only": ["echo", "which_key"],
            "functions": {"echo": {"effect": "read", "delivery": "repeatable"}},
            "approval": "required",
        }
    )


def test_a_grant_is_written_into_the_file_by_name() -> None:
    wf = podium.Workflow("echo", tools={"desk": podium.grant(subject.echo)})
    wf.result = wf.tool("said", "desk.echo", with_={"text": "hello"}).out

    assert "python: podium.testing.conformance.subject" in wf.to_yaml()
    assert "only: [echo]" in wf.to_yaml()


@pytest.mark.parametrize(
    ("functions", "says"),
    [
        ([lambda: ""], "cannot be found"),
        ([inner()], "cannot be found"),
        ([unmarked], "not marked"),
        ([], "at least one"),
        ([subject.echo, text.find], "functions of one module"),
    ],
)
def test_what_a_later_process_could_not_call_is_refused(functions: list[Any], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        podium.grant(*functions)

    assert caught.value.code == "AP054"


def test_functions_of_the_script_that_was_started_are_refused() -> None:
    function = inner()
    function.__module__, function.__qualname__ = "__main__", "local"

    with pytest.raises(UsageError, match="the script that was started"):
        podium.grant(function)
