"""The sample plug-in is built, installed beside this Podium and passes its own tests there; it cannot pass the gate."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin"


def run(*command: str | Path, folder: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the plug-in as an installer leaves it: modules and their entry points."""
    folder = tmp_path_factory.mktemp("installed")
    source = tmp_path_factory.mktemp("source") / "plugin"
    shutil.copytree(PLUGIN, source)
    build(source, folder)
    return folder


def build(source: Path, folder: Path) -> None:
    """Lay it out as a wheel, by its build backend where that is installed; no index is asked."""
    if find_spec("hatchling") is None:
        lay_out(source, folder)
        return
    code = "import hatchling.build, sys; print(hatchling.build.build_wheel(sys.argv[1]))"
    wheel = run(sys.executable, "-c", code, str(folder), folder=source).strip().splitlines()[-1]
    shutil.unpack_archive(folder / wheel, folder, "zip")


def lay_out(source: Path, folder: Path) -> None:
    """Do by hand what a backend does: the modules, and what the metadata say of them."""
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    shutil.copytree(source / "src", folder, dirs_exist_ok=True)
    told = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (told / "entry_points.txt").write_text("\n".join(points))


def with_plugin(installed: Path, code: str, folder: Path) -> str:
    return run(sys.executable, "-c", textwrap.dedent(code), folder=folder, environment={"PYTHONPATH": str(installed)})


def test_an_installed_plug_in_is_known_by_its_key(installed: Path, tmp_path: Path) -> None:
    code = "from podium.app.nodes import shipped_nodes; print('wordcount' in shipped_nodes())"

    assert with_plugin(installed, code, tmp_path) == "True\n"


def test_the_command_line_lints_and_runs_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "count.yaml").write_text(
        "podium: 1\nname: count\nnodes:\n  words: {wordcount: a b a, top: 1}\nresult: words.out.often[0]\n"
    )
    environment = {"PYTHONPATH": str(installed), "PODIUM_HOME": str(tmp_path / "home")}

    out = run(sys.executable, "-m", "podium.cli.main", "run", "count.yaml", folder=tmp_path, environment=environment)

    assert out == "a\n"


def test_its_own_tests_pass_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(PLUGIN / "tests", tmp_path / "tests")

    out = run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "tests"),
        folder=tmp_path,
        environment={"PYTHONPATH": str(installed)},
    )

    assert " passed" in out


BAD = {
    "socket": ("import socket", "socket.create_connection(('127.0.0.1', 9))"),
    "urllib": ("import urllib.request", "urllib.request.urlopen('http://127.0.0.1:9', timeout=5)"),
    "file": ("from pathlib import Path", "Path('stolen.txt').write_text('x')"),
    "program": ("import subprocess", "subprocess.run(['true'])"),
}


@pytest.mark.parametrize("bad", BAD)
def test_an_installed_node_type_that_acts_past_the_gate_is_stopped_in_a_run(
    installed: Path, tmp_path: Path, bad: str
) -> None:
    imports, act = BAD[bad]
    site = tmp_path / "site"
    shutil.copytree(installed, site)
    (site / "podium_wordcount" / "node.py").write_text(
        f"from podium import node_type\n{imports}\n\n\n@node_type\nasync def wordcount(text: str) -> str:\n"
        f'    """Act past the gate."""\n    {act}\n    return text\n'
    )
    code = """
        import asyncio
        from podium.testing import run_workflow
        from podium.ledger.record import NodeFailed

        text = "podium: 1\\nname: count\\nnodes:\\n  words: {wordcount: a}\\nresult: words.out\\n"
        result = asyncio.run(run_workflow(text))
        failed = [record.body for record in result.records if isinstance(record.body, NodeFailed)]
        print(result.status, failed[0].code, failed[0].error_kind)
    """

    assert with_plugin(site, code, tmp_path) == "denied EN073 denied\n"
    assert not (tmp_path / "stolen.txt").exists()


@pytest.mark.parametrize("module", ["urllib.request", "socket", "podium.effects.gateway", "podium.ledger.writer"])
def test_the_suite_finds_a_plug_in_that_imports_a_way_past_the_gate(
    installed: Path, tmp_path: Path, module: str
) -> None:
    site = tmp_path / "site"
    shutil.copytree(installed, site)
    file = site / "podium_wordcount" / "node.py"
    file.write_text(file.read_text().replace("import re\n", f"import {module}\nimport re\n", 1))
    code = """
        from podium_wordcount.node import wordcount
        from podium.testing.conformance.nodes import NodeTypeSuite

        class Suite(NodeTypeSuite):
            node = wordcount
            example = {"wordcount": "a"}

        try:
            Suite().test_its_code_has_no_way_past_its_context()
        except AssertionError:
            print("found")
    """

    assert with_plugin(site, code, tmp_path) == "found\n"
