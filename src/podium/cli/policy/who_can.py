"""`podium policy who-can`: who could do something, and under which conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit, put
from podium.cli.options import Output
from podium.cli.policy.folder import Folder, policies_in

if TYPE_CHECKING:
    from rich.console import Group

    from podium.gate.policy.who_can import Say

_HEADS = {"allow": "allowed by", "deny": "forbidden by", "require": "not without"}


def who_can(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Such as `call_tool` or `call_model`.")],
    name: Annotated[str, typer.Argument(metavar="RESOURCE", help="Such as `mail.send`, a model or a workflow.")],
    folder: Folder = None,
    effect: Annotated[str, typer.Option("--effect", help="Of a tool: what it does to the world.")] = "write",
    trust: Annotated[str, typer.Option("--trust", help="Of a tool: may what it returns be believed?")] = "untrusted",
    region: Annotated[str, typer.Option("--region", help="Where the tool or the model is.")] = "",
    output: Output = Format.table,
) -> None:
    """Show who could do something.

    All in whose names an effect acts must be allowed: the person, the workflow, the agent.
    """
    from podium.errors import UsageError
    from podium.gate.policy.cases import resource_named
    from podium.gate.policy.schema import ACTIONS
    from podium.gate.policy.who_can import who_can as asked
    from podium.spec.suggest import did_you_mean

    if action not in ACTIONS:
        known = ", ".join(f"`{one}`" for one in ACTIONS)
        help_ = did_you_mean(action, ACTIONS) or f"known are {known}"
        raise UsageError("AP073", f"`{action}` is no action", help=help_)
    resource = resource_named(action, name, effect=effect, delivery="keyed", trust=trust, region=region)
    says = asked(policies_in(folder), action, resource)
    emit([_json(say) for say in says], output, lambda: _group(action, name, says))
    if output is Format.table and not any(say.does == "allow" for say in says):
        put(f"nobody: no policy allows {action} on {name}")


def _json(say: Say) -> dict[str, object]:
    return {**say._asdict(), "settings": dict(say.settings)}


def _group(action: str, name: str, says: tuple[Say, ...]) -> Group:
    from rich.console import Group
    from rich.text import Text

    lines = [Text(f"{action} on {name}")]
    for does, head in _HEADS.items():
        found = [say for say in says if say.does == does]
        if found:
            lines += [Text(""), Text(head), *(Text(f"  {_line(say)}") for say in found)]
    return Group(*lines)


def _line(say: Say) -> str:
    demand = ""
    if say.obligation is not None:
        settings = ", ".join(f"{key} {value}" for key, value in say.settings)
        demand = f"  {say.obligation}" + (f" ({settings})" if settings else "")
    return f"{say.policy}{demand}  {'when ' + say.when if say.when else 'always'}"
