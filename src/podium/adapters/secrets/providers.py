"""Fetching the value of one secret. What goes wrong is told without any part of the value, or of what a program says.

A program gets no input and `FETCH_S` seconds; what it writes beside the value is dropped unread.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from podium.errors import EffectError
from podium.spec.settings.secrets import SecretSource

PREFIX = "PODIUM_SECRET_"
FETCH_S = 10.0
MAX_BYTES = 64 * 1024


async def fetch(name: str, source: SecretSource | None, environ: Mapping[str, str], folder: Path) -> str:
    """Return the value, never empty; files are looked for and programs run in `folder`.

    Raises:
        EffectError: EF014 when it is not set, EF070 when its source cannot give it, EF071 when others may read it.
    """
    if source is None:
        return _from_env(name, PREFIX + name.upper(), environ)
    if source.env is not None:
        return _from_env(name, source.env, environ)
    if source.file is not None:
        return _text(name, await asyncio.to_thread(_from_file, name, folder, source.file))
    if source.command is not None:
        return _text(name, await _from_command(name, folder, source.command))
    assert source.keyring is not None
    return await asyncio.to_thread(_from_keyring, name, source.keyring)


def _from_env(name: str, variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable, "")
    if not value:
        raise EffectError(
            "EF014",
            f"the secret `{name}` is not set",
            kind="invalid_input",
            help=f"set the environment variable {variable} where Podium runs, or name its source under `[secrets]`",
        )
    return value


def _from_file(name: str, folder: Path, written: str) -> bytes:
    path = folder / Path(written).expanduser()
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                step = f"let only its owner read it: chmod 600 {path}"
                raise EffectError(
                    "EF071", f"the file of the secret `{name}` can be read by others", kind="invalid_input", help=step
                )
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unavailable(name, f"its file cannot be read: {error.strerror}") from None


async def _from_command(name: str, folder: Path, command: tuple[str, ...]) -> bytes:
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise _unavailable(name, f"`{command[0]}` cannot be started: {error.strerror}") from None
    assert child.stdout is not None
    try:
        async with asyncio.timeout(FETCH_S):
            value = await _up_to(child.stdout, MAX_BYTES + 1)
            status = await child.wait() if len(value) <= MAX_BYTES else 0
    except TimeoutError:
        raise _unavailable(name, f"`{command[0]}` took longer than {FETCH_S:g} s") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if status:
        raise _unavailable(name, f"`{command[0]}` ended with status {status}")
    return value


async def _up_to(stream: asyncio.StreamReader, size: int) -> bytes:
    read = b""
    while len(read) < size and (piece := await stream.read(size - len(read))):
        read += piece
    return read


def _from_keyring(name: str, entry: str) -> str:
    try:
        import keyring  # noqa: PLC0415 - an extra
        from keyring.errors import KeyringError  # noqa: PLC0415 - an extra
    except ImportError:
        step = "install the extra: pip install 'podium[keyring]'"
        raise EffectError(
            "EF070", f"the secret `{name}` cannot be had: no `keyring` is installed", kind="unavailable", help=step
        ) from None
    service, _, user = entry.partition("/")
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise _unavailable(name, f"the key ring says {type(error).__name__}") from None
    if not value:
        raise _unavailable(name, f"the key ring has no `{entry}`")
    return value


def _text(name: str, value: bytes) -> str:
    if len(value) > MAX_BYTES:
        raise _unavailable(name, f"it is longer than {MAX_BYTES} bytes")
    try:
        text = value.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise _unavailable(name, "it is no UTF-8 text") from None
    if not text:
        raise _unavailable(name, "it is empty")
    return text


def _unavailable(name: str, why: str) -> EffectError:
    step = "look at its source under `[secrets]` in podium.toml"
    return EffectError("EF070", f"the secret `{name}` cannot be had: {why}", kind="unavailable", help=step)
