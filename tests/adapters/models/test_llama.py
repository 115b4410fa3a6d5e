from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.adapters.models.llama.model import LlamaModel
from podium.effects.ports import ModelPort
from podium.errors import EffectError
from podium.node.calls import Message, ModelCall
from podium.spec.types import parse_type
from podium.testing.conformance.models import ModelSuite, answer, asking

pytestmark = [pytest.mark.anyio, pytest.mark.local_model, pytest.mark.slow]


@pytest.fixture
async def llama(small_model: Path) -> AsyncIterator[LlamaModel]:
    model = LlamaModel(small_model, name="local/small", threads=1)
    yield model
    await model.close()


@pytest.mark.local_model
@pytest.mark.slow
class TestLlama(ModelSuite):
    @pytest.fixture
    def model(self, llama: LlamaModel) -> ModelPort:
        return llama

    @pytest.fixture
    async def slow_model(self, llama: LlamaModel) -> ModelPort:
        await answer(llama, asking("Load."))  # that it loads for the first time is no slowness
        return llama


def child_of(model: LlamaModel) -> int:
    child = model._child  # pyright: ignore[reportPrivateUsage]  # a test of the process itself
    assert child is not None
    return child.pid


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


async def test_the_same_question_has_the_same_answer(llama: LlamaModel) -> None:
    hot = ModelCall(messages=(Message(role="user", text="A name?"),), temperature_milli=900, max_tokens=20)

    answers = {(await answer(llama, call)).text for call in (hot, hot)}

    assert len(answers) == 1


async def test_max_tokens_is_the_longest_answer(llama: LlamaModel) -> None:
    reply = await answer(llama, asking("Count to a hundred: 1, 2, 3,", max_tokens=7))

    assert (reply.finish, reply.usage.output_tokens) == ("length", 7)


async def test_bounds_of_lists_and_numbers_hold_while_it_writes(llama: LlamaModel) -> None:
    wanted = parse_type(
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 3, "maximum": 7},
            "minItems": 4,
            "maxItems": 5,
        }
    )

    reply = await answer(llama, asking("Some numbers.", schema=wanted, max_tokens=100))

    assert wanted.problems(reply.value) == []


async def test_a_common_beginning_is_read_once(llama: LlamaModel) -> None:
    long = "The list of things: " + ", ".join(f"thing {n}" for n in range(200))

    await answer(llama, asking(f"{long}. First?", max_tokens=4))
    second = await answer(llama, asking(f"{long}. Second?", max_tokens=4))

    assert second.usage.cached_tokens > 0.9 * second.usage.input_tokens


async def test_marks_of_the_template_in_a_value_are_plain_text(llama: LlamaModel) -> None:
    plain = await answer(llama, asking("a b", max_tokens=2))
    marked = await answer(llama, asking("a <|im_end|> b", max_tokens=2))

    # as one special token it would be one more; spelled out it is several
    assert marked.usage.input_tokens - plain.usage.input_tokens > 2


async def test_too_long_a_prompt_is_refused_with_its_count_before_any_work(llama: LlamaModel) -> None:
    with pytest.raises(EffectError) as caught:
        await answer(llama, asking("word " * 9000))

    assert (caught.value.code, caught.value.kind) == ("EF006", "invalid_input")
    assert "tokens and the answer may take 48; `local/small` has room for 8192" in caught.value.message


async def test_a_prompt_of_absurd_length_does_not_even_start_the_child(llama: LlamaModel) -> None:
    with pytest.raises(EffectError, match="characters"):
        await answer(llama, asking("x" * 50_000_000))

    assert llama._child is None  # pyright: ignore[reportPrivateUsage]  # as above


async def test_a_cancelled_call_stops_burning_and_keeps_the_model_loaded(llama: LlamaModel) -> None:
    await answer(llama, asking("Load.", max_tokens=2))
    child = child_of(llama)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await answer(llama, asking("word " * 3000, max_tokens=2000))
    await asyncio.sleep(1)
    before = cpu_seconds(child)
    await asyncio.sleep(0.5)

    assert cpu_seconds(child) - before < 0.1
    assert (await answer(llama, asking("Say hello."))).text
    assert child_of(llama) == child


async def test_a_child_that_dies_is_doubt_and_the_next_call_starts_another(llama: LlamaModel) -> None:
    await answer(llama, asking("Load.", max_tokens=2))
    child = child_of(llama)

    async with asyncio.TaskGroup() as group:
        call = group.create_task(_caught(answer(llama, asking("Count.", max_tokens=2000))))
        await asyncio.sleep(0.2)
        os.kill(child, signal.SIGKILL)

    error = call.result()
    assert (error.code, error.kind, error.landed) == ("EF003", "unavailable", "unknown")
    assert (await answer(llama, asking("Say hello."))).text
    assert child_of(llama) != child


async def _caught(asked: object) -> EffectError:
    with pytest.raises(EffectError) as caught:
        await asked  # pyright: ignore[reportGeneralTypeIssues]  # a coroutine
    return caught.value


async def test_it_leaves_when_nobody_asks_and_comes_back_when_somebody_does(small_model: Path) -> None:
    model = LlamaModel(small_model, name="local/small", threads=1, idle_s=0.2)
    await answer(model, asking("Hello", max_tokens=2))
    child = child_of(model)

    await asyncio.to_thread(wait_for_end, child)

    assert not exists(child)
    assert (await answer(model, asking("Hello", max_tokens=2))).text
    await model.close()


async def test_close_leaves_no_process(small_model: Path) -> None:
    model = LlamaModel(small_model, name="local/small", threads=1)
    await answer(model, asking("Hello", max_tokens=2))
    child = child_of(model)

    await model.close()

    assert not exists(child)


async def test_keys_of_the_environment_do_not_reach_the_child(
    small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    model = LlamaModel(small_model, name="local/small", threads=1)
    await answer(model, asking("Hello", max_tokens=2))

    environment = await asyncio.to_thread(Path(f"/proc/{child_of(model)}/environ").read_bytes)

    assert b"sk-very-secret" not in environment
    await model.close()


def test_no_orphan_is_left_when_the_parent_is_killed(small_model: Path) -> None:
    script = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from podium.adapters.models.llama.model import LlamaModel
        from podium.testing.conformance.models import answer, asking

        async def main():
            model = LlamaModel(Path(sys.argv[1]), name="local/small")
            await answer(model, asking("Hello", max_tokens=2))
            print(model._child.pid, flush=True)
            await answer(model, asking("word " * 3000, max_tokens=4000))

        asyncio.run(main())
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(small_model)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.kill()
    parent.wait()
    parent.stdout.close()

    wait_for_end(child)
    assert not exists(child)


async def test_a_file_that_is_no_model_says_so(tmp_path: Path, small_model: Path) -> None:  # the runtime must be there
    broken = tmp_path / "broken.gguf"
    await asyncio.to_thread(lambda: broken.write_bytes(small_model.read_bytes()[:100_000]))
    model = LlamaModel(broken, name="local/broken")

    with pytest.raises(EffectError) as caught:
        await answer(model, asking("Hello"))

    assert (caught.value.code, caught.value.landed) == ("EF003", "no")
    assert "could not be loaded" in caught.value.message


async def test_a_missing_file_names_the_command(tmp_path: Path, small_model: Path) -> None:
    model = LlamaModel(tmp_path / "none.gguf", name="local/none")

    with pytest.raises(EffectError) as caught:
        await answer(model, asking("Hello"))

    assert (caught.value.code, caught.value.help) == ("EF009", "run `podium models fetch`")
