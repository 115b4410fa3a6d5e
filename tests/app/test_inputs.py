from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from podium.app.inputs import gather_inputs, read_inputs
from podium.errors import UsageError
from podium.spec.model import InputSpec
from podium.spec.types import parse_type
from podium.testing.memory import MemoryStore

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store() -> AsyncGenerator[MemoryStore]:
    memory = MemoryStore()
    yield memory
    await memory.close()


def declared(**types: object) -> dict[str, InputSpec]:
    return {name: InputSpec(type=parse_type(written)) for name, written in types.items()}


@pytest.mark.parametrize(
    ("written", "given", "value"),
    [
        ("text", "40", "40"),
        ("text", "", ""),
        ("text", "a=b", "a=b"),
        ("date", "2026-11-21", "2026-11-21"),
        ("integer", "40", 40),
        ("number", "0.5", 0.5),
        ("boolean", "true", True),
        (["text"], '["a", "b"]', ["a", "b"]),
        ({"a": "integer"}, '{"a": 1}', {"a": 1}),
        ("any", "3", 3),
        ("any", "plain words", "plain words"),
    ],
)
async def test_a_value_is_read_by_its_declared_type(
    store: MemoryStore, written: object, given: str, value: object
) -> None:
    assert await gather_inputs(store, declared(x=written), [f"x={given}"], {}) == {"x": value}


async def test_a_file_is_kept_and_passed_by_reference(store: MemoryStore, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all")

    inputs = await gather_inputs(store, declared(letter="file"), [f"letter={letter}"], {})

    digest = hashlib.sha256(b"Dear all").hexdigest()
    assert inputs == {
        "letter": {
            "digest": digest,
            "name": "letter.txt",
            "media_type": "text/plain",
            "size": 8,
            "integrity": "user",
        }
    }


async def test_single_inputs_win_over_the_file(store: MemoryStore) -> None:
    spec = declared(a="text", b="text")

    assert await gather_inputs(store, spec, ["b=2"], {"a": "0", "b": "0"}) == {"a": "0", "b": "2"}


@pytest.mark.parametrize(
    ("pair", "message", "help_text"),
    [
        ("commits", "AP004: expected `--input name=value`, got `commits`", ""),
        ("comits=4", "AP004: the workflow has no input `comits`", "did you mean `commits`?"),
        (
            "commits=many",
            "AP004: input `commits` should be integer, got `many`",
            'write it as JSON, such as `3`, `true` or `["a", "b"]`',
        ),
    ],
)
async def test_what_cannot_be_read_says_how_to_write_it(
    store: MemoryStore, pair: str, message: str, help_text: str
) -> None:
    with pytest.raises(UsageError) as caught:
        await gather_inputs(store, declared(commits="integer"), [pair], {})

    assert (str(caught.value), caught.value.help) == (message, help_text)


async def test_a_missing_file_is_named(store: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"`.*/gone\.txt` cannot be read: No such file or directory"):
        await gather_inputs(store, declared(letter="file"), [f"letter={tmp_path}/gone.txt"], {})


@pytest.mark.parametrize("text", ['{"a": 1, "b": "x"}', "a: 1\nb: x\n"])
def test_all_inputs_come_from_json_or_yaml(text: str, tmp_path: Path) -> None:
    file = tmp_path / "inputs"
    file.write_text(text)

    assert read_inputs(str(file)) == {"a": 1, "b": "x"}


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a: 1"))

    assert read_inputs("-") == {"a": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[1]", "expected an object with inputs by name"),
        (b"a: [", "is neither JSON nor YAML"),
        (b"\xff\xfe\x00", "cannot read"),
        (b"a: 1\na: 2", "is neither JSON nor YAML"),
    ],
)
def test_a_file_that_is_no_object_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "inputs"
    file.write_bytes(content)

    with pytest.raises(UsageError, match=f"AP005: .*{message}"):
        read_inputs(str(file))
