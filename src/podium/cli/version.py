"""`podium version`."""

from __future__ import annotations

from podium.cli.console import Format, emit
from podium.cli.options import Output


def version(output: Output = Format.table) -> None:
    """Print the version of Podium and of Python."""
    import platform
    from importlib.metadata import version as installed

    versions = {"podium": installed("podium"), "python": platform.python_version()}
    emit(versions, output, lambda: f"podium {versions['podium']} (Python {versions['python']})")
