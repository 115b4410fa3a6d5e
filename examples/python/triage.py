"""Types, branches, tools and a node type, all of this program: what somebody writes goes to the team that can help.

python examples/python/triage.py "The printer on floor 3 is out of toner."
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated, Literal

import desk
from pydantic import Field

import podium


@dataclass
class Sorted:
    """What the model is asked for."""

    area: Literal["printer", "network", "other"]
    urgent: bool


@podium.node_type
async def subject_line(
    text: Annotated[str, Field(description="What somebody wrote.")],
    longest: Annotated[int, Field(description="In characters.")] = 40,
) -> str:
    """Make the subject line of a ticket."""
    first = text.split(". ")[0].rstrip(".")
    return first if len(first) <= longest else first[: longest - 1] + "…"


def workflow() -> podium.Workflow:
    """Return the workflow."""
    wf = podium.Workflow(
        "triage-in-python",
        inputs={"report": {"type": str, "default": "The printer on floor 3 is out of toner."}},
        tools={"desk": podium.grant(desk.team_of, desk.open_ticket)},
    )
    sort = wf.llm("sort", f"What is this about, and is it urgent?\n{wf.inputs.report}", output=Sorted)
    team = wf.tool("team", "desk.team_of", with_={"area": sort.out.area}, output=str)
    subject = wf.node("subject", subject_line, wf.inputs.report)
    normal = wf.transform("normal", subject)
    page = wf.human("page", f"Wake somebody of {team.out}?", show=subject, on_rejected=normal)
    wf.switch("how", [{"when": sort.out.urgent & (sort.out.area != "other"), "then": page}], else_=normal)
    text = wf.join("text", [page, normal], reduce="first")
    ticket = wf.tool("ticket", "desk.open_ticket", with_={"team": team, "text": text})
    wf.result = ticket.out
    return wf


def main(report: str) -> None:
    """Run it from code that is not async."""
    result = podium.sync.run(workflow(), {"report": report})
    print(result.status, result.value if result.ok else result.waits or result.error)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "The printer on floor 3 is out of toner.")
