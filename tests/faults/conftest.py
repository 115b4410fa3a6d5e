"""Counts what the fault suite tries."""

from __future__ import annotations

from collections import Counter

import pytest


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Counter[str]:
    """How many workflows and crash points were tried; the plug-in below prints it at the end."""
    plugin = pytestconfig.pluginmanager.get_plugin("fault-tally")
    assert plugin is not None
    counts: Counter[str] = plugin.counts
    return counts
