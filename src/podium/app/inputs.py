"""Inputs of a run as people give them on a command line.

`--input key=value` is read by the input's declared type: text is taken as it stands, a `file` is the path of a file
whose content is kept in the store, everything else is JSON. `--inputs FILE` is one object, JSON or YAML; `-` reads it
from standard input. Single inputs win over the file. Whether values fit their types is decided when the run starts.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from mimetypes import guess_type
from pathlib import Path
from typing import Any, cast

from podium.errors import UsageError
from podium.ledger.store import RunStore
from podium.spec.model import InputSpec
from podium.spec.suggest import did_you_mean

Json = Any
MAX_FILE_BYTES = 50 * 1024 * 1024


async def gather_inputs(
    store: RunStore, declared: Mapping[str, InputSpec], pairs: Sequence[str], given: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the inputs by name: those of a file (`given`) and, above them, the single ones.

    Raises:
        UsageError: AP004 for a pair that is none, a name that is not declared, or a value that cannot be read; ST018
            for a file that cannot be read.
    """
    inputs = dict(given)
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise UsageError("AP004", f"expected `--input name=value`, got `{pair}`")
        spec = declared.get(name)
        if spec is None:
            known = ", ".join(f"`{known}`" for known in declared) or "none"
            raise UsageError(
                "AP004",
                f"the workflow has no input `{name}`",
                help=did_you_mean(name, declared) or f"its inputs are: {known}",
            )
        inputs[name] = await _value(store, name, spec, text)
    return inputs


async def _value(store: RunStore, name: str, spec: InputSpec, text: str) -> Json:
    kind = spec.type.kind
    if str(spec.type) == "file":
        return await _file(store, Path(text))
    if kind == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        if kind is None:
            return text
        raise UsageError(
            "AP004",
            f"input `{name}` should be {spec.type}, got `{text}`",
            help='write it as JSON, such as `3`, `true` or `["a", "b"]`',
        ) from None


async def _file(store: RunStore, path: Path) -> Json:
    digest, size = await store.save_file(path)
    guessed, _ = await asyncio.to_thread(guess_type, path.name)  # reads the system's list once
    media_type = guessed or "application/octet-stream"
    # the person who starts the run chose the file: as far as they are to be believed, it is
    return {"digest": digest, "name": path.name, "media_type": media_type, "size": size, "integrity": "user"}


def read_inputs(file: str) -> dict[str, Json]:
    """Return the object in a JSON or YAML file, `-` for standard input.

    Raises:
        UsageError: AP005 when it cannot be read or is no object.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = sys.stdin.read(MAX_FILE_BYTES) if file == "-" else _read(Path(file))
        yaml: Any = YAML(typ="safe", pure=True)  # its methods have no types
        value: object = yaml.load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("AP005", f"cannot read `{file}`: {error}") from error
    except YAMLError as error:
        first = str(error).splitlines()[0]
        raise UsageError("AP005", f"`{file}` is neither JSON nor YAML: {first}") from error
    if not isinstance(value, dict):
        raise UsageError("AP005", f"expected an object with inputs by name in `{file}`, got {type(value).__name__}")
    return {str(name): inner for name, inner in cast("dict[object, Json]", value).items()}


def _read(path: Path) -> str:
    with path.open(encoding="utf-8") as stream:
        return stream.read(MAX_FILE_BYTES)
