"""What code gives and what it is told when it fails: the same in every sandbox."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest

from podium.adapters.sandbox.bubblewrap import Bubblewrap
from podium.adapters.sandbox.installed import InstalledSandboxes
from podium.adapters.sandbox.landlock import Landlock
from podium.adapters.sandbox.monty import MontySandbox
from podium.adapters.sandbox.plain import MAX_DEPTH, plain
from podium.adapters.sandbox.process import ProcessSandbox
from podium.adapters.sandbox.profile import Profile
from podium.adapters.sandbox.seccomp import MACHINES, filter_program
from podium.effects.ports import Sandbox
from podium.errors import EffectError
from podium.node.calls import CodeAsk, CodeCall, CodeLimits, CodeReply

pytestmark = pytest.mark.anyio


class Missing(Bubblewrap):
    """A profile that is not there."""

    name = "missing"

    def missing(self) -> str:
        return "nobody installed it"


def of(profile: Profile) -> Any:
    missing = profile.missing()
    return pytest.param(
        lambda: ProcessSandbox(profile),
        id=profile.name,
        marks=pytest.mark.skipif(bool(missing), reason=f"{profile.name}: {missing}"),
    )


@pytest.fixture(params=[pytest.param(MontySandbox, id="monty"), of(Bubblewrap()), of(Landlock())])
async def sandbox(request: pytest.FixtureRequest) -> AsyncGenerator[Sandbox]:
    made: Sandbox = request.param()
    yield made
    await made.close()


async def run(sandbox: Sandbox, source: str, *, timeout_s: float = 20, **given: Any) -> CodeReply:
    call = CodeCall(source=source, **given)
    return await sandbox.run(call, timeout_s=timeout_s, progress=lambda _: None)


async def refusal(sandbox: Sandbox, source: str, *, timeout_s: float = 20, **given: Any) -> EffectError:
    with pytest.raises(EffectError) as caught:
        await run(sandbox, source, timeout_s=timeout_s, **given)
    assert caught.value.landed == "no"
    return caught.value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 1", 2),
        ("x = 1", None),
        ("x = 1\nx", 1),
        ("(1, [2.5, None, True], {'a': 'ü'})", [1, [2.5, None, True], {"a": "ü"}]),
        ("2 ** 80", 2**80),
        ("def double(n):\n    return 2 * n\n[double(n) for n in numbers]", [2, 4]),
        ("numbers.append(3)\nnumbers", [1, 2, 3]),
        ("import json\njson.dumps({'a': 1})", '{"a": 1}'),
    ],
)
async def test_the_value_of_the_last_line_is_the_result(sandbox: Sandbox, source: str, value: object) -> None:
    assert await run(sandbox, source, inputs={"numbers": [1, 2]}) == CodeReply(value=value)


async def test_what_is_printed_is_kept_apart_and_shown_as_progress(sandbox: Sandbox) -> None:
    shown: list[str] = []

    reply = await sandbox.run(CodeCall(source="print('hello')\n7"), timeout_s=20, progress=shown.append)

    assert (reply, shown) == (CodeReply(value=7, printed="hello\n"), ["hello\n"])


async def test_files_go_in_and_come_out(sandbox: Sandbox) -> None:
    source = "text = open('in.txt').read()\nwith open('out.txt', 'w') as file:\n    file.write(text.upper())\nlen(text)"

    reply = await run(sandbox, source, files={"in.txt": "grüße"}, keep=("out.txt",))

    assert reply == CodeReply(value=5, files={"out.txt": "GRÜSSE"})


async def test_a_file_that_was_to_be_left_and_is_not_there_is_an_error(sandbox: Sandbox) -> None:
    error = await refusal(sandbox, "1", keep=("out.txt",))

    assert (error.code, error.kind) == ("EF061", "failed")
    assert "out.txt" in error.message


@pytest.mark.parametrize(
    ("source", "code", "kind", "words"),
    [
        ("x = 1\n1 / (x - 1)", "EF061", "failed", "ZeroDivisionError: division by zero in line 2"),
        ("raise ValueError('no')", "EF061", "failed", "ValueError: no in line 1"),
        ("nothing_of_this_name", "EF061", "failed", "NameError"),
        ("x = (", "EF064", "invalid_input", "no Python"),
        ("{1, 2}", "EF063", "invalid_output", "`set`"),
        ("float('nan')", "EF063", "invalid_output", "the result of the code"),
        ("'x' * 10**9", "EF062", "limit", "memory"),
    ],
)
async def test_what_went_wrong_is_said(sandbox: Sandbox, source: str, code: str, kind: str, words: str) -> None:
    error = await refusal(sandbox, source)

    assert (error.code, error.kind) == (code, kind)
    assert words in error.message


async def test_the_last_words_of_code_that_failed_are_told(sandbox: Sandbox) -> None:
    error = await refusal(sandbox, "print('at step 3')\nraise RuntimeError('stuck')")

    assert error.help == "it last printed: at step 3"


@pytest.mark.parametrize(
    ("source", "limits", "words"),
    [
        ("while True: pass", CodeLimits(cpu_ms=1000), "computed for more than 1s"),
        ("print('x' * 100_000)", CodeLimits(output=1000), "more than"),
        ("'x' * 100_000", CodeLimits(output=1000), "more than 5096 bytes"),
    ],
)
async def test_a_limit_ends_it(sandbox: Sandbox, source: str, limits: CodeLimits, words: str) -> None:
    error = await refusal(sandbox, source, limits=limits)

    assert (error.code, error.kind) == ("EF062", "limit")
    assert words.replace("5096", "1000") in error.message.replace("5096", "1000")


async def test_it_ends_when_its_time_is_over_and_when_it_is_cancelled(sandbox: Sandbox) -> None:
    error = await refusal(sandbox, "while True: pass", timeout_s=0.3)
    assert (error.code, error.message) == ("EF062", "the code took longer than 0.3 s")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await run(sandbox, "while True: pass")


async def test_runs_share_nothing(sandbox: Sandbox) -> None:
    await run(sandbox, "leftover = 1")

    assert (await refusal(sandbox, "leftover")).message.startswith("the code raised NameError")


async def test_many_run_at_once(sandbox: Sandbox) -> None:
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(run(sandbox, "n * n", inputs={"n": n})) for n in range(8)]

    assert [task.result().value for task in running] == [n * n for n in range(8)]


async def test_monty_waits_for_a_function_and_goes_on_in_another_worker() -> None:
    source = "before = 20\nopen('notes', 'w').write('kept')\n[before + ask(what='?', n=[1]), open('notes').read()]"
    first, second = MontySandbox(), MontySandbox()
    try:
        waiting = await run(first, source, functions=("ask",))
        assert waiting.ask is not None
        assert waiting == CodeReply(
            files={"notes": "kept"},
            ask=CodeAsk(function="ask", arguments={"what": "?", "n": [1]}, state=waiting.ask.state),
        )

        done = await run(
            second, source, functions=("ask",), state=waiting.ask.state, answer=22, files=waiting.files, turn=1
        )
    finally:
        await first.close()
        await second.close()

    assert done == CodeReply(value=[42, "kept"])


async def test_monty_does_not_go_on_from_what_it_did_not_write() -> None:
    sandbox = MontySandbox()
    try:
        error = await refusal(sandbox, "1", state=b"not a state", turn=1)
    finally:
        await sandbox.close()

    assert (error.code, error.kind) == ("EF066", "internal")


async def test_functions_take_their_arguments_by_name() -> None:
    sandbox = MontySandbox()
    try:
        error = await refusal(sandbox, "ask(1)", functions=("ask",))
    finally:
        await sandbox.close()

    assert error.message == "the code raised TypeError: give the arguments of `ask` by name"


async def test_the_strongest_profile_that_is_there_is_chosen() -> None:
    here = InstalledSandboxes((Missing(), Landlock()))
    nowhere = InstalledSandboxes((Missing(),))

    if not Landlock().missing():
        assert (await here.choose(CodeCall(source="1", profile="process"))).target == "sandbox/landlock"
    monty = await nowhere.choose(CodeCall(source="1"))
    assert monty.target == "sandbox/monty"
    with pytest.raises(EffectError) as caught:
        await nowhere.choose(CodeCall(source="1", profile="process"))
    await here.close()
    await nowhere.close()

    assert (caught.value.code, caught.value.help) == ("EF060", "missing: nobody installed it")


@pytest.mark.skipif(bool(Bubblewrap().missing()), reason="no bubblewrap")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give away")
async def test_root_is_nobody_inside() -> None:
    reply = await run(
        ProcessSandbox(Bubblewrap()),
        "import os\n[os.getuid() >= 65534, os.getgid() >= 65534, os.getgroups(), os.listdir('/work'), os.getcwd()]",
    )

    assert reply.value == [True, True, [], [], "/work"]


@pytest.mark.skipif(bool(Landlock().missing()), reason="no Landlock")
async def test_landlock_leaves_no_folder_behind() -> None:
    reply = await run(ProcessSandbox(Landlock()), "import os\nopen('a', 'w').write('x')\nos.getcwd()")

    assert not await anyio.Path(reply.value).exists()


@pytest.mark.parametrize("machine", sorted(MACHINES))
@pytest.mark.parametrize(("alone", "weak"), [(True, False), (True, True), (False, False)])
def test_a_filter_is_a_list_of_instructions_whose_jumps_stay_inside(machine: str, alone: bool, weak: bool) -> None:  # noqa: FBT001
    program = filter_program(alone=alone, weak=weak, machine=machine)
    steps = [program[at : at + 8] for at in range(0, len(program), 8)]

    assert len(program) % 8 == 0
    assert len(steps) < 4096
    for at, step in enumerate(steps):
        assert at + 1 + max(step[2], step[3]) < len(steps) or step[2] == step[3] == 0
    assert steps[-1] == bytes.fromhex("06000000") + (0x7FFF0000).to_bytes(4, "little")


def test_what_is_nested_too_deeply_is_no_result() -> None:
    value: object = 1
    for _ in range(MAX_DEPTH + 1):
        value = [value]

    with pytest.raises(EffectError, match="levels deep"):
        plain(value)
