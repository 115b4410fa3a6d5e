"""Grants open ports; equal grants share one; secrets reach the server and nothing else."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from podium.adapters.secrets.vault import Vault
from podium.adapters.tools.catalogue import InstalledTools
from podium.adapters.tools.secrets import Resolved, resolve
from podium.effects.ports import SecretReference
from podium.errors import EffectError
from podium.spec.model import ToolSpec
from podium.testing.conformance.tools import call, refusal

pytestmark = pytest.mark.anyio

HOSTILE = str(Path(__file__).parent / "hostile_server.py")


@pytest.fixture
async def tools() -> AsyncIterator[InstalledTools]:
    tools = InstalledTools()
    yield tools
    await tools.close()


def grant(**keys: Any) -> ToolSpec:
    return ToolSpec.model_validate({"effect": "read", "delivery": "repeatable", **keys})


async def test_equal_grants_share_a_port_whatever_the_gate_is_told(tools: InstalledTools) -> None:
    one = tools.open("git", grant(mcp=["mcp-server-git"]))

    assert tools.open("history", grant(mcp=["mcp-server-git"], approval="required")) is one
    assert tools.open("git", grant(mcp=["mcp-server-git"], env={"A": "b"})) is not one


async def test_a_program_beside_our_own_interpreter_is_found_without_a_path(
    tools: InstalledTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")

    functions = await tools.open("git", grant(mcp=["mcp-server-git"])).functions()

    assert functions["git_log"].effect == "read"
    assert functions["git_log"].delivery == "repeatable"
    assert functions["git_commit"].effect == "write"


async def test_a_program_that_is_nowhere_is_named(tools: InstalledTools) -> None:
    error = await refusal(tools.open("x", grant(mcp=["no-such-server"])), "f")

    assert (error.code, error.kind, error.landed) == ("EF012", "invalid_input", "no")
    assert error.message == "there is no program `no-such-server`"


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"mcp": "mcp-server-git"}, "a command is written as a list, `mcp: [mcp-server-git]`"),
        ({"mcp": []}, "names no command"),
        ({"mcp": ["mcp-server-git"], "headers": {"A": "b"}}, "headers to a server that is no URL"),
        ({"mcp": "http://127.0.0.1:9/mcp", "env": {"A": "b"}}, "an environment to a server that is reached by URL"),
    ],
)
async def test_a_grant_that_can_name_no_server_is_refused(
    tools: InstalledTools, keys: dict[str, Any], found: str
) -> None:
    with pytest.raises(EffectError, match="EF012") as caught:
        tools.open("git", grant(**keys))
    assert found in caught.value.message


async def test_the_server_sees_its_environment_and_nothing_of_ours(
    tools: InstalledTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_SECRET_TOKEN", "s3cr3t")
    monkeypatch.setenv("OPENAI_API_KEY", "not for tools")
    port = tools.open("x", grant(mcp=[sys.executable, HOSTILE], env={"TOKEN": "Bearer ${secrets.token}", "MODE": "x"}))

    seen = (await call(port, "environment")).split()

    assert {"TOKEN", "MODE", "PATH"} <= set(seen)
    assert not {"OPENAI_API_KEY", "PODIUM_SECRET_TOKEN"} & set(seen)


async def test_a_secret_that_the_server_complains_about_is_blotted_out(
    tools: InstalledTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_SECRET_TOKEN", "s3cr3t")
    port = tools.open("x", grant(mcp=[sys.executable, HOSTILE, "die"], env={"TOKEN": "${secrets.token}"}))

    error = await refusal(port, "f")

    assert error.code == "EF015"
    assert "the token ****** is wrong" in error.help
    assert "s3cr3t" not in error.help + error.message


async def test_a_missing_secret_says_where_to_set_it(tools: InstalledTools) -> None:
    error = await refusal(tools.open("x", grant(mcp=["mcp-server-git"], env={"T": "${secrets.erp_token}"})), "f")

    assert (error.code, error.landed) == ("EF014", "no")
    assert error.help.startswith("set the environment variable PODIUM_SECRET_ERP_TOKEN where Podium runs")


async def test_other_expressions_in_an_environment_are_refused() -> None:
    with pytest.raises(EffectError, match=r"`env\.T` of `x` holds an expression"):
        await resolve(Vault(), {"T": "${inputs.token}"}, kind="env", target="x")


async def test_text_without_secrets_stays_as_it_is() -> None:
    resolved = await resolve(Vault(), {"A": "$HOME {x} $5"}, kind="env", target="x")

    assert resolved == Resolved({"A": "$HOME {x} $5"}, ())


async def test_an_argument_that_the_author_wrote_as_a_reference_is_filled_in_and_blotted_out_again() -> None:
    tools = InstalledTools(Vault(environ={"PODIUM_SECRET_TOKEN": "s3cr3t-value"}))
    port = tools.open("x", grant(python="podium.testing.conformance.subject"))

    reply = await call(port, "echo", text=SecretReference("${secrets.token}"))
    spoken = await call(port, "echo", text="the words ${secrets.token}, and s3cr3t-value")

    assert reply == "${secrets.token}"
    assert spoken == "the words ${secrets.token}, and ${secrets.token}"
    await tools.close()


async def test_only_what_is_marked_as_a_reference_is_filled_in() -> None:
    tools = InstalledTools(Vault(environ={}))
    port = tools.open("x", grant(python="podium.testing.conformance.subject"))

    assert await call(port, "echo", text="${secrets.token}") == "${secrets.token}"
    await tools.close()


async def test_what_a_tool_complains_about_says_no_secret() -> None:
    tools = InstalledTools(Vault(environ={"PODIUM_SECRET_TOKEN": "s3cr3t-value"}))
    port = tools.open("x", grant(python="podium.testing.conformance.subject"))

    error = await refusal(port, "add", a=SecretReference("${secrets.token}"))

    assert "s3cr3t-value" not in f"{error.message} {error.help} {error.args}"
    await tools.close()


async def test_closing_twice_is_closing_once(tools: InstalledTools) -> None:
    await call(tools.open("git", grant(python="podium.testing.conformance.subject")), "echo", text="x")

    await tools.close()
    await tools.close()
