"""The pinned sets carry what pyproject.toml asks for: every package pinned, every pin hashed, no index named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
SETS = sorted(file.stem for file in (ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(
    r"^(?P<name>[\w.-]+)(\[[\w,-]+\])?==(?P<version>\S+)( ; .+?)?(?P<hashes>( \\\n +--hash=\S+)*)$", re.MULTILINE
)


class Pin(NamedTuple):
    name: str
    version: Version
    hashes: int


def declared() -> dict[str, list[str]]:
    """Return `{requirement set: what it must satisfy}`."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    core = cast("list[str]", pyproject["project"]["dependencies"])
    groups = cast("dict[str, list[str]]", pyproject["dependency-groups"])
    return {
        "run": core + groups["run"],
        "dev": core + groups["run"] + groups["dev"],
        "bench": core + groups["bench"],
        "agentdojo": groups["agentdojo"],
        "runtime": groups["local"],
        "build": groups["build"],
        "uv": groups["uv"],
    }


def pins(name: str) -> Iterator[Pin]:
    for match in PINNED.finditer((ROOT / "requirements" / f"{name}.txt").read_text()):
        yield Pin(canonicalize_name(match["name"]), Version(match["version"]), match["hashes"].count("--hash=sha256:"))


@pytest.mark.parametrize("name", declared())
def test_every_declared_dependency_is_pinned_within_its_bounds(name: str) -> None:
    found: dict[str, set[Version]] = {}
    for pin in pins(name):
        found.setdefault(pin.name, set()).add(pin.version)

    wrong = [
        text
        for text in declared()[name]
        if not (versions := found.get(canonicalize_name((wanted := Requirement(text)).name)))
        or not all(wanted.specifier.contains(version) for version in versions)
    ]

    assert wrong == [], f"requirements/{name}.txt is behind pyproject.toml; run `make requirements`"


@pytest.mark.parametrize("name", SETS)
def test_every_pin_carries_a_hash(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()

    assert [pin for pin in pins(name) if pin.hashes == 0] == []
    assert sum(1 for _ in pins(name)) == len(re.findall(r"^\w", text, re.MULTILINE))


@pytest.mark.parametrize("name", SETS)
def test_a_set_names_neither_an_index_nor_a_path(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()

    assert re.findall(r"^--\S+|https?://\S+|file:\S+|@ \S+| /\S+", text, re.MULTILINE) == []


def test_a_package_has_the_same_version_in_every_set_that_is_installed_together() -> None:
    versions: dict[str, dict[str, set[Version]]] = {}
    for name in ("run", "dev", "bench", "agentdojo", "local", "runtime"):
        for pin in pins(name):
            versions.setdefault(pin.name, {}).setdefault(name, set()).add(pin.version)

    assert {name: by_set for name, by_set in versions.items() if len({frozenset(v) for v in by_set.values()}) > 1} == {}


def test_the_extra_and_the_set_of_the_local_runtime_agree() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert pyproject["project"]["optional-dependencies"]["local"] == pyproject["dependency-groups"]["local"]
    assert pyproject["build-system"]["requires"][0] in pyproject["dependency-groups"]["build"]
