"""Counts what the fault suite tries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """How many workflows and crash points were tried; printed when the session ends."""
    counts: Counter[str] = Counter()
    yield counts
    pairs = sum(count for name, count in counts.items() if name != "workflows")
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")
    told = f"fault suite: {pairs} (workflow, crash point) pairs over {counts['workflows']} workflows: {dict(counts)}"
    if terminal is not None:
        terminal.write_line(f"\n{told}")
