"""The key of callback tokens: one for an installation, for its owner alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from podium.app.callback_key import callback_key
from podium.errors import StoreError
from podium.ids import SystemIds


def test_everybody_who_asks_at_once_gets_the_same_key(tmp_path: Path) -> None:
    ids = SystemIds()

    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(callback_key, [tmp_path] * 64, [ids] * 64))

    assert keys == {callback_key(tmp_path, ids)}
    assert [path.name for path in tmp_path.iterdir()] == ["callback.key"]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    callback_key(tmp_path, SystemIds())

    assert stat.S_IMODE((tmp_path / "callback.key").stat().st_mode) == 0o600


def test_a_key_that_was_cut_off_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "callback.key").write_bytes(b"short")

    with pytest.raises(StoreError, match="ST019"):
        callback_key(tmp_path, SystemIds())
