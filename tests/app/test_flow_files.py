"""Files as sub-workflows: where they may stand, what is said of them, and that they are part of the version."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from podium.app.installation import Installation
from podium.app.nodes import shipped_nodes
from podium.app.publish import Checked, check_file, compile_stored
from podium.graph.closure import closure, version
from podium.spec.render import render
from podium.testing.scripted import ScriptedModel

GREET = """\
podium: 1
name: greet
inputs: {who: {type: text}}
nodes:
  line: {transform: "Hello, ${inputs.who}."}
result: line.out
"""
MAIN = """\
podium: 1
name: main
nodes:
  hello: {subflow: ./greet.yaml, with: {who: Ada}}
result: hello.out
"""
NODES = shipped_nodes()


def write(folder: Path, **files: str) -> Path:
    """Write files, `a__b` as `a/b.yaml`; return the first one."""
    paths = [folder / f"{name.replace('__', '/')}.yaml" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return paths[0]


def calling(name: str, *, more: str = "") -> str:
    return f"podium: 1\nname: main\nnodes:\n  hello: {{subflow: {name}{more}}}\nresult: hello.out\n"


def said(checked: Checked) -> list[tuple[str, str, int]]:
    """Return `(code, file name, line)` of all that is said."""
    return [
        (found.code, Path(found.file).name, found.place.line if found.place else 0) for found in checked.diagnostics
    ]


def test_a_file_is_run_by_the_node_that_names_it(tmp_path: Path) -> None:
    checked = check_file(write(tmp_path, main=MAIN, greet=GREET), NODES)

    assert checked.diagnostics == ()
    assert checked.compiled is not None
    assert list(checked.compiled.workflow.flows) == ["./greet.yaml"]
    assert checked.compiled.workflow.flows["./greet.yaml"].name == "greet"


def test_paths_begin_at_the_folder_of_the_file_that_names_them(tmp_path: Path) -> None:
    inner = calling("../greet.yaml", more=", with: {who: Bo}")
    main = write(tmp_path, main=calling("./parts/inner.yaml"), parts__inner=inner, greet=GREET)

    checked = check_file(main, NODES)

    assert checked.diagnostics == ()
    assert sorted(Path(file).name for file in checked.texts) == ["greet.yaml", "inner.yaml", "main.yaml"]


def test_nodes_inside_and_beside_others_name_files_too(tmp_path: Path) -> None:
    text = """\
podium: 1
name: main
flows:
  own:
    podium: 1
    name: own
    nodes: {one: {subflow: ./greet.yaml, with: {who: A}}}
nodes:
  all:
    map: "['a']"
    do:
      one: {subflow: ./greet.yaml, with: {who: "${item}"}}
  plan:
    transform: 1
    fallback: [{subflow: ./greet.yaml, with: {who: B}}]
  use: {subflow: own}
"""
    checked = check_file(write(tmp_path, main=text, greet=GREET), NODES)

    assert [found.code for found in checked.diagnostics if found.severity == "error"] == []
    assert checked.compiled is not None
    flows = checked.compiled.workflow.flows
    assert (sorted(flows), list(flows["own"].flows)) == (["./greet.yaml", "own"], ["./greet.yaml"])


def test_what_is_wrong_with_a_file_is_said_with_its_own_name_and_lines(tmp_path: Path) -> None:
    broken = GREET.replace("inputs.who", "inputs.whom")
    checked = check_file(write(tmp_path, main=MAIN, greet=broken), NODES)

    assert checked.compiled is None
    assert said(checked)[0] == ("EX004", "greet.yaml", 5)
    assert 'line: {transform: "Hello, ${inputs.whom}."}' in render(checked.diagnostics, texts=checked.texts)


def test_what_is_remarked_of_a_file_is_said_once(tmp_path: Path) -> None:
    idle = GREET.replace("inputs: {who: {type: text}}", "inputs: {who: {type: text}, idle: {type: text, default: x}}")
    checked = check_file(write(tmp_path, main=MAIN, greet=idle), NODES)

    assert checked.compiled is not None
    assert said(checked) == [("LI001", "greet.yaml", 3)]


def test_what_a_file_is_given_must_fit_it(tmp_path: Path) -> None:
    checked = check_file(write(tmp_path, main=calling("./greet.yaml", more=", with: {name: Ada}"), greet=GREET), NODES)

    assert {one[:2] for one in said(checked)} == {("GR011", "main.yaml")}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("./none.yaml", "SP007"),
        ("../outside.yaml", "SP030"),
        ("./link.yaml", "SP030"),
        ("/etc/passwd.yaml", "SP030"),
        ("./main.yaml", "SP031"),
        ("none", "GR010"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_where_it_is_named(tmp_path: Path, name: str, code: str) -> None:
    write(tmp_path, outside=GREET)
    main = write(tmp_path, home__main=calling(name))
    (tmp_path / "home" / "link.yaml").symlink_to(tmp_path / "outside.yaml")

    assert said(check_file(main, NODES)) == [(code, "main.yaml", 4)]


def test_in_a_repository_anything_in_it_may_be_named(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    main = write(tmp_path, flows__main=calling("../shared/greet.yaml", more=", with: {who: Ada}"), shared__greet=GREET)

    assert check_file(main, NODES).diagnostics == ()


def test_a_circle_over_several_files_is_told_with_its_way(tmp_path: Path) -> None:
    main = write(tmp_path, main=calling("./a.yaml"), a=calling("./b.yaml"), b=calling("./a.yaml"))

    (found,) = check_file(main, NODES).diagnostics

    assert (found.code, Path(found.file).name) == ("SP031", "b.yaml")
    assert found.message == "`./a.yaml` leads back to itself: a.yaml → b.yaml → a.yaml"


@pytest.mark.parametrize(("deep", "codes"), [(8, set[str]()), (9, {"SP032"})])
def test_files_name_files_at_most_eight_deep(tmp_path: Path, deep: int, codes: set[str]) -> None:
    files = {f"f{index}": calling(f"./f{index + 1}.yaml") for index in range(deep)}
    main = write(tmp_path, **files, **{f"f{deep}": GREET.replace("{who: {type: text}}", "{who: {default: x}}")})

    assert {found.code for found in check_file(main, NODES).diagnostics} == codes


def test_the_version_that_a_node_wants_is_the_one_it_gets_or_an_error(tmp_path: Path) -> None:
    greet = check_file(write(tmp_path, greet=GREET), NODES).compiled
    assert greet is not None
    wanted = version(closure(greet.workflow))

    def checked(start: str) -> Checked:
        text = MAIN.replace("with:", f'version: "{start}", with:')
        return check_file(write(tmp_path, main=text), NODES)

    assert checked(wanted[:12]).diagnostics == ()
    (found,) = checked("0" * 12).diagnostics
    assert (found.code, found.place and found.place.line) == ("SP033", 4)
    assert found.message == f"`./greet.yaml` has version `{wanted[:12]}`, not `000000000000`"
    assert found.help.endswith(f"`version: {wanted[:12]}`")


def test_an_empty_default_in_a_sub_workflow_is_part_of_its_meaning(tmp_path: Path) -> None:
    texts = [GREET.replace("{type: text}", kind) for kind in ("{type: any}", "{type: any, default: null}")]
    versions = set[str]()
    for text in texts:
        compiled = check_file(write(tmp_path, main=MAIN, greet=text), NODES).compiled
        assert compiled is not None
        versions.add(version(closure(compiled.workflow)))

    assert len(versions) == 2


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncGenerator[Installation]:
    async with Installation.open(tmp_path / "home", models=ScriptedModel()) as opened:
        yield opened


@pytest.mark.anyio
async def test_what_a_run_executes_is_fixed_when_it_is_published(installation: Installation, tmp_path: Path) -> None:
    main = write(tmp_path, main=MAIN, greet=GREET)
    first = await installation.publish(main)
    write(tmp_path, greet="# another greeting\n" + GREET)
    same = await installation.publish(main)
    write(tmp_path, greet=GREET.replace("Hello", "Goodbye"))
    second = await installation.publish(main)

    assert first.version == same.version != second.version
    (tmp_path / "greet.yaml").unlink()
    source = await installation.store.workflow(first.version)
    assert compile_stored(source, NODES).workflow == first.compiled.workflow
    run = await installation.start(first, {})
    assert await (await installation.engine()).advance(run) == "done"
