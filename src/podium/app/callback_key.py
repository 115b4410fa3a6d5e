"""The installation's key for callback tokens: a file beside the store that only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path

from podium.errors import StoreError
from podium.ids import IdSource

_FILE = "callback.key"
_BYTES = 32


def callback_key(home: Path, ids: IdSource) -> bytes:
    """Return the key, made on first use.

    Raises:
        StoreError: ST019 when it cannot be read or written, or is damaged.
    """
    path = home / _FILE
    try:
        if not path.exists():
            _create(path, ids)
        key = path.read_bytes()
    except OSError as error:
        raise StoreError("ST019", f"cannot use `{path}`: {error.strerror}", help="check its permissions") from None
    if len(key) != _BYTES:
        message = f"`{path}` has {len(key)} bytes instead of {_BYTES}"
        raise StoreError("ST019", message, help="remove it; callback tokens that were given out stop working")
    return key


def _create(path: Path, ids: IdSource) -> None:
    """Write the file as a whole or not at all; somebody else may be doing the same."""
    key, fresh = ids.random_bytes(_BYTES), path.with_suffix(f".{ids.random_bytes(8).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return  # somebody was quicker; their key is the one
    finally:
        fresh.unlink()
