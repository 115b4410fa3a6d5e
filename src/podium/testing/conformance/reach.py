"""What the code of a node type imports and calls, found by reading it: ways past its context that show without a run.

It reads the modules of the node type's own top-level package. What is computed at run time is not seen by reading; the
guard of `podium.node.guard` sees what is done while the node runs.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType

FORBIDDEN_MODULES = frozenset(
    (
        *("socket", "ssl", "http", "urllib.request", "ftplib", "smtplib", "httpx", "httpx2", "requests", "aiohttp"),
        *("subprocess", "multiprocessing", "threading", "concurrent", "ctypes", "sqlite3", "sqlalchemy", "os"),
        *("shutil", "tempfile", "importlib", "random", "secrets", "uuid", "gc"),
        *("podium.adapters", "podium.app", "podium.api", "podium.cli", "podium.engine", "podium.ledger"),
        *("podium.effects.gateway", "podium.effects.stages", "podium.node.guard"),
    )
)
"""Modules that a node type has no use for, with all that is below them."""

FORBIDDEN_CALLS = frozenset(
    (
        *("open", "eval", "exec", "compile", "__import__", "input", "time.sleep", "time.time", "datetime.now"),
        *("datetime.datetime.now", "date.today", "datetime.date.today"),
    )
)


def reaches(module: ModuleType) -> list[str]:
    """Return what a module does past its context, `file:line: what`, in the order of the lines."""
    source = inspect.getsource(module)
    file = (inspect.getsourcefile(module) or module.__name__).rsplit("/", 1)[-1]
    found = [*_found(ast.parse(source), module.__package__ or "")]
    return [f"{file}:{line}: {what}" for line, what in sorted(found)]


def modules_of(module: ModuleType) -> list[ModuleType]:
    """Return the loaded modules of the same top-level package; the module alone when it belongs to Podium."""
    top = module.__name__.partition(".")[0]
    if top == "podium":
        return [module]
    return [found for name, found in sorted(sys.modules.items()) if name == top or name.startswith(f"{top}.")]


def _found(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, f"imports `{name.name}`") for name in names if _forbidden(name.name))
            case ast.ImportFrom(module=module, names=names, level=level):
                base = ".".join((*package.split(".")[: 1 - level or None], module or "")) if level else module or ""
                for name in names:
                    if _forbidden(base) or _forbidden(f"{base}.{name.name}"):
                        yield node.lineno, f"imports `{base}.{name.name}`"
            case ast.Call(func=function) if (called := ast.unparse(function)) in FORBIDDEN_CALLS:
                yield node.lineno, f"calls `{called}`"
            case _:
                continue


def _forbidden(name: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in FORBIDDEN_MODULES)
