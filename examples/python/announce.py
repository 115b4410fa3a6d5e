"""A workflow in Python: a draft, a check that sends it back, a person, and a file.

    python examples/python/announce.py "our new search"

It is the same model as a file, `print(workflow().to_yaml())` shows it.
"""

from __future__ import annotations

import asyncio
import sys

import podium


def workflow() -> podium.Workflow:
    """Return the workflow."""
    wf = podium.Workflow(
        "announce-in-python",
        inputs={"topic": {"type": str, "default": "our new search"}},
        tools={
            "files": {
                "python": "podium.tools.files",
                "root": "./out",
                "effect": "write",
                "delivery": "keyed",
                "only": ["write"],
            }
        },
    )
    draft = wf.llm("draft", f"Announce {wf.inputs.topic} in at most three sentences.")
    wf.validate("check", f"size({draft.out}) < 600", message="use fewer than 600 characters", revise=draft)
    approve = wf.human("approve", "Save this announcement?", show=draft, expires="24h")
    wf.tool("save", "files.write", with_={"path": "announcement.md", "text": approve})
    wf.result = approve.out
    return wf


async def main(topic: str) -> None:
    """Run it, and ask here what it asks."""
    async with await podium.start(workflow(), {"topic": topic}) as run:
        resting = await run.rest()
        for wait in resting.waits:
            print(f"{wait.question}\n\n{wait.show}\n")
            if (await asyncio.to_thread(input, "yes or no? ")) == "yes":
                await run.approve(wait.node)
            else:
                await run.reject(wait.node)
        print((await run.wait()).status)


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "our new search"))
