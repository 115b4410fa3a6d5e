"""SQLite: one file beside the work, several processes, nothing to install."""

from podium.adapters.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
