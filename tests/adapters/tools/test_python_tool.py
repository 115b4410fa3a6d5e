"""Python modules as tools: the suite every port passes, and what is special to Python."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from podium.adapters.tools.python import PythonTool
from podium.adapters.tools.threads import Threads
from podium.testing.conformance.tools import AMPLE_S, KEY, ToolPortSuite, call, refusal

HERE = str(Path(__file__).parent)


class TestPythonTool(ToolPortSuite):
    @pytest.fixture
    async def port(self) -> AsyncIterator[PythonTool]:
        port = PythonTool("podium.testing.conformance.subject", {}, threads=Threads())
        yield port
        await port.close()


@pytest.fixture(autouse=True)
def modules_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [HERE, *sys.path])


@pytest.fixture
def warehouse() -> Iterator[PythonTool]:
    yield PythonTool("warehouse", {}, threads=Threads(2), max_result=1_000)
    sys.modules["warehouse"].RELEASE.set()


@pytest.fixture(autouse=True)
def nobody_is_released() -> None:
    if "warehouse" in sys.modules:
        sys.modules["warehouse"].RELEASE.clear()


@pytest.mark.anyio
async def test_plain_functions_run_in_a_thread(warehouse: PythonTool) -> None:
    assert await call(warehouse, "thread_name") == "podium-tool-thread_name"


@pytest.mark.anyio
@pytest.mark.parametrize(("function", "landed"), [("stuck", "unknown"), ("stuck_reading", "no")])
async def test_a_function_that_does_not_return_is_doubt_only_when_it_changes_the_world(
    warehouse: PythonTool, function: str, landed: str
) -> None:
    error = await refusal(warehouse, function, 0.1)

    assert (error.code, error.kind, error.landed) == ("EF016", "timeout", landed)


@pytest.mark.anyio
async def test_functions_left_behind_are_counted(warehouse: PythonTool) -> None:
    await refusal(warehouse, "stuck", 0.1)
    await refusal(warehouse, "stuck", 0.1)

    error = await refusal(warehouse, "thread_name")

    assert (error.code, error.kind, error.landed) == ("EF024", "unavailable", "no")


@pytest.mark.anyio
async def test_signs_of_life_reach_the_loop_from_a_thread(warehouse: PythonTool) -> None:
    heard: list[str] = []

    def listen(text: str) -> None:
        heard.append(text)
        sys.modules["warehouse"].RELEASE.set()

    reply = await warehouse.call("stuck", {}, key=KEY, timeout_s=AMPLE_S, progress=listen)

    assert (reply.value, heard) == ("late", ["waiting"])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("function", "landed", "found"),
    [
        ("breaks", "unknown", "`breaks` raised KeyError: 'x'"),
        ("breaks_reading", "no", "`breaks_reading` raised KeyError: 'x'"),
        ("exits", "unknown", "`exits` raised RuntimeError: SystemExit(3)"),
        ("exits_in_the_loop", "unknown", "`exits_in_the_loop` raised SystemExit: 3"),
        ("stops", "unknown", "`stops` raised RuntimeError: StopIteration()"),
        ("times_out_itself", "unknown", "`times_out_itself` raised TimeoutError: the other side"),
    ],
)
async def test_an_exception_is_doubt_only_when_the_function_changes_the_world(
    warehouse: PythonTool, function: str, landed: str, found: str
) -> None:
    error = await refusal(warehouse, function)

    assert (error.code, error.kind, error.landed, error.message) == ("EF023", "failed", landed, found)


@pytest.mark.anyio
async def test_a_function_that_knows_better_is_believed(warehouse: PythonTool) -> None:
    error = await refusal(warehouse, "knows")

    assert (error.code, error.landed) == ("WH001", "no")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("function", "code", "found"),
    [
        ("lies", "EF020", "`lies` returned something else than it declares: Input should be a valid integer"),
        ("unspeakable", "EF020", "Unable to serialize unknown type"),
        ("large", "EF019", "`large` returned 2002 bytes, more than the 1000 that are allowed"),
    ],
)
async def test_results_are_checked(warehouse: PythonTool, function: str, code: str, found: str) -> None:
    error = await refusal(warehouse, function)

    assert (error.code, error.kind) == (code, "invalid_output")
    assert found in error.message


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("module", "found"),
    [
        ("no_such_module", "module `no_such_module` is not installed here"),
        ("json", "module `json` marks no function"),
        ("broken_module", "module `broken_module` cannot be imported: ZeroDivisionError: division by zero"),
        ("wrong_module", "module `wrong_module` is no tool: `f` has no docstring; models choose a tool by it"),
    ],
)
async def test_a_module_that_is_no_tool_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, found: str
) -> None:
    (tmp_path / "broken_module.py").write_text("1 / 0")
    (tmp_path / "wrong_module.py").write_text(
        "import podium\n@podium.tool(effect='read', delivery='once')\ndef f(): ..."
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    error = await refusal(PythonTool(module, {}, threads=Threads()), "f")

    assert (error.code, error.kind, error.landed, error.message) == ("EF012", "invalid_input", "no", found)


@pytest.mark.anyio
async def test_a_module_without_settings_takes_none(warehouse: PythonTool) -> None:
    await call(warehouse, "thread_name")

    error = await refusal(PythonTool("warehouse", {"root": "."}, threads=Threads()), "thread_name")

    assert (error.code, error.message) == ("EF013", "unknown setting `root`: `warehouse` takes none")
