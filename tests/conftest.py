"""What every test has: one event loop back end, a loop that must not block, the public test vectors, example counts.

- Async tests run by anyio's plug-in on asyncio: `pytestmark = pytest.mark.anyio`.
- A blocking call inside the event loop with Podium's code on the stack is a failure (blockbuster).
- Sockets reach loopback only (pytest-socket, options in pyproject.toml).
- Hypothesis profiles: `default` (quick), `ci` (the same, derandomized; chosen when `CI` is set), `deep` (`make deep`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from blockbuster import BlockBuster, blockbuster_ctx

ROOT = Path(__file__).parent.parent

hypothesis.settings.register_profile("default", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("deep", max_examples=2_000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))

_MAY_BLOCK: dict[str, str] = {
    # imports are lazy for a quick start; the first use of a module reads its files, once a process
    "<frozen importlib._bootstrap>": "_find_and_load",
    # node types and plug-ins are looked up once a process
    "node/registry.py": "nodes_in",
    "podium/node/registry.py": "installed_nodes",
    # a traceback that is being rendered reads source lines; nothing else runs after it
    "linecache.py": "updatecache",
}
"""`{end of a file name: function}` below which blocking is accepted, each with its reason."""


class FaultTally:
    """Adds up what the fault suite has tried, also over several worker processes, and prints it at the end."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        workeroutput: dict[str, object] | None = getattr(session.config, "workeroutput", None)
        if workeroutput is not None:
            workeroutput["fault_tally"] = dict(self.counts)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.counts.update(getattr(node, "workeroutput", {}).get("fault_tally", {}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.counts:
            points = {name: count for name, count in self.counts.items() if name != "workflows"}
            terminalreporter.write_line(
                f"fault suite: {sum(points.values())} (workflow, crash point) pairs over "
                f"{self.counts['workflows']} workflows: {points}"
            )


def pytest_configure(config: pytest.Config) -> None:
    """Every process counts for itself; the one that was started prints."""
    config.pluginmanager.register(FaultTally(), "fault-tally")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio; Podium uses its TaskGroup."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def nothing_blocks_in_the_loop() -> Iterator[None]:
    """Make blocking calls of Podium inside a running loop raise `BlockingError`."""
    with blockbuster_ctx("podium") as blockbuster:
        _exempt(blockbuster)
        yield


def _exempt(blockbuster: BlockBuster) -> None:
    for function in blockbuster.functions.values():
        for file, name in _MAY_BLOCK.items():
            function.can_block_in(file, name)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Return the folder of public test vectors, from `PODIUM_CORPORA` or beside the project."""
    folder = Path(os.environ.get("PODIUM_CORPORA") or ROOT.parent / "shared" / "corpora")
    if not folder.is_dir():
        pytest.skip(f"the public test vectors are not at `{folder}`; set PODIUM_CORPORA to run this")
    return folder
