"""Python modules as tools: the suite every port passes, and what is special to Python."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium.adapters.tools.python import PythonTool
from podium.adapters.tools.threads import Threads
from podium.testing.conformance.tools import ToolPortSuite


class TestPythonTool(ToolPortSuite):
    @pytest.fixture
    async def port(self) -> AsyncIterator[PythonTool]:
        port = PythonTool("podium.testing.conformance.subject", {}, threads=Threads())
        yield port
        await port.close()
