"""Version 0 to 1: `prompt` became `llm`, `needs` became `after`.

Version 0 is what the first sketches of the language were written in. A file says that it is one (`podium: 0`); a file
that says nothing is not taken for one.

```yaml
podium: 0
name: letter
nodes:
  draft: {prompt: Write a letter.}
  check: {prompt: "Is this polite? ${draft.out}", needs: [draft]}
```
"""

from __future__ import annotations

from dataclasses import replace

from podium.spec.positions import Written
from podium.spec.upgrade.step import Upgraded, with_children

RENAMED = {"prompt": "llm", "needs": "after"}
_BODY = "do"


def upgrade(root: Written) -> Upgraded:
    """Return the file in version 1."""
    renamed = set[str]()
    children = dict(root.children)
    children["podium"] = replace(children["podium"], value=1)
    if "nodes" in children:
        children["nodes"] = _nodes(children["nodes"], renamed)
    changes = tuple(f"`{old}` is now `{RENAMED[old]}`" for old in RENAMED if old in renamed)
    return Upgraded(with_children(root, children), changes)


def _nodes(nodes: Written, renamed: set[str]) -> Written:
    if not nodes.keys:
        return nodes
    return with_children(nodes, {name: _node(node, renamed) for name, node in nodes.children.items()})


def _node(node: Written, renamed: set[str]) -> Written:
    """Rename the keys of a node, unless it has the new ones too, which is a mistake for the loader to tell."""
    names = {old: new for old, new in RENAMED.items() if old in node.keys and new not in node.keys}
    renamed.update(names)
    children: dict[str | int, Written] = {}
    for key, child in node.children.items():
        inner = _nodes(child, renamed) if key == _BODY else child
        children[names.get(str(key), key)] = inner
    return with_children(node, children, names) if node.keys else node
