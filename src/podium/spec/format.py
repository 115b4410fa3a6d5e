"""The canonical form of a workflow file: one layout for one meaning, as `podium fmt` writes it.

- Keys in the order of the language, two spaces a level, lines of at most 120 characters where that is possible.
- Texts of several lines stand in literal blocks; brackets stay for what was in brackets and fits on its line; quotes
  stand only where YAML needs them.
- Every comment stays with what it stands at.

What comes out means what went in: it is read again and compared, and refused otherwise (SP022).
"""

from __future__ import annotations

from podium.errors import PodiumError, UsageError
from podium.spec.diagnostic import SpecError
from podium.spec.format_emit import text_of
from podium.spec.format_order import arrange
from podium.spec.format_read import comments_of, tree_of
from podium.spec.load import Loaded, load
from podium.spec.model import NodeTypes, Workflow


def formatted(text: str, *, file: str, node_types: NodeTypes, upgrade: bool = False) -> str:
    """Return the canonical form of a workflow file; with `upgrade`, of an older one in this version of the language.

    Raises:
        SpecError: when it is no workflow that loads; nothing is formatted then.
        UsageError: SP024 when it is in an older version, without `upgrade`.
        PodiumError: SP022 when the form would not mean the same, which is a defect of Podium.
    """
    loaded = load(text, file=file, node_types=node_types)
    workflow = checked(loaded, file)
    root = loaded.root
    assert root is not None, "a workflow was read from it"
    if loaded.old and not upgrade:
        help_ = "`podium fmt --upgrade` writes it in the version of today"
        raise UsageError("SP024", f"`{file}` is written in an older version of the language", help=help_)
    tree = tree_of(loaded.text, root)
    arrange(tree.root, workflow, node_types)
    result = text_of(tree)
    again = load(result, file=file, node_types=node_types)
    if again.workflow is None or again.root is None or not same(again.workflow, workflow):
        raise changed(file, "change what it means")
    if comments_of(again.text, again.root) != comments_of(loaded.text, root):
        raise changed(file, "lose a comment")
    return result


def checked(loaded: Loaded, file: str) -> Workflow:
    """Return the workflow that was loaded.

    Raises:
        SpecError: with what is wrong with it.
    """
    if loaded.workflow is None:
        raise SpecError(loaded.diagnostics, texts={file: loaded.text})
    return loaded.workflow


def same(one: Workflow, other: Workflow) -> bool:
    """Whether two workflows mean the same; an input whose default is null is not one without a default."""
    required = [{name for name, spec in workflow.inputs.items() if spec.required} for workflow in (one, other)]
    return one == other and required[0] == required[1]


def changed(file: str, what: str) -> PodiumError:
    """Return the refusal to write a text that is not what was asked for."""
    help_ = "nothing was written; report the file as a defect of Podium"
    return PodiumError("SP022", f"writing `{file}` anew would {what}", help=help_)
