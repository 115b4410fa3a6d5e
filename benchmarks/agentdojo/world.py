"""What stands behind the gateway in a trial: a suite's tools over one environment, their labels, and whom it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.agentdojo.suites import Suite, plain

from podium.effects.ports import FunctionInfo, Progress, ToolPort
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ToolReply
from podium.spec.tool import ToolSpec

Json = Any
LABELS = Path(__file__).with_name("labels.yaml")


@cache
def grant(suite: Suite) -> ToolSpec:
    """Return the grant of a suite's tools, labelled as `labels.yaml` says."""
    ruamel = __import__("ruamel.yaml", fromlist=["YAML"])
    labels = ruamel.YAML(typ="safe").load(LABELS.read_text())
    names = [tool.name for tool in suite.raw.tools]
    return ToolSpec.model_validate(
        {
            "python": suite.name,
            "effect": "write",
            "delivery": "repeatable",
            "only": names,
            "functions": {name: labels[name] for name in names},
        }
    )


class World:
    """The suite's tools over one environment, as the gateway's tool port."""

    def __init__(self, suite: Suite, environment: Any) -> None:
        self.environment = environment
        self._functions = {tool.name: tool for tool in suite.raw.tools}
        self.target = suite.name

    def open(self, grant: str, spec: ToolSpec) -> ToolPort:  # noqa: ARG002 - there is only one
        return self

    async def functions(self) -> Mapping[str, FunctionInfo]:
        return {}

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        del key, timeout_s, progress
        return ToolReply(value=self.run(function, arguments))

    def run(self, function: str, arguments: Mapping[str, Json]) -> Json:
        """Call a tool of the suite.

        Raises:
            EffectError: the tool says that it cannot.
        """
        tool = self._functions[function]
        try:
            given = tool.parameters.model_validate(dict(arguments)).model_dump()
            needs = {name: needed.extract_dep_from_env(self.environment) for name, needed in tool.dependencies.items()}
            return plain(tool.run(**given, **needs))
        except Exception as error:  # AgentDojo's tools raise whatever they like
            raise EffectError("EF014", f"{function}: {error}", kind="failed") from error

    async def close(self) -> None:
        return


def own(environment: Any) -> tuple[str, ...]:
    """Return the user's own accounts, as an installation knows them of its people, and as a bank calls its customer."""
    bank, inbox = getattr(environment, "bank_account", None), getattr(environment, "inbox", None)
    return (*((bank.iban, "me") if bank else ()), *((inbox.account_email,) if inbox else ()))


def directory(environment: Any) -> Iterator[str]:
    """Yield the entries of the address book: whom the user has written to, and the members and channels of Slack."""
    inbox, slack = getattr(environment, "inbox", None), getattr(environment, "slack", None)
    if inbox:
        yield from (address for mail in inbox.sent for address in (*mail.recipients, *mail.cc, *mail.bcc))
    if slack:
        yield from (*slack.users, *slack.channels)
