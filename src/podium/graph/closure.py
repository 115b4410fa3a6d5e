"""The closure of a workflow: all that a run depends on, as bytes, one form for one meaning; its hash is the version.

It is JSON with sorted keys and without space, defaults left out, so comments, layout, the order of keys and of nodes,
and the writing of a type in the shorthand change nothing. It is also a workflow file: `load` reads it back to an equal
workflow, which is how a run that waited a year is compiled again.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from podium.ids import WorkflowVersion
from podium.spec.model import Workflow

Json = Any

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def closure(workflow: Workflow) -> bytes:
    """Return the canonical form of a workflow, in UTF-8."""
    plain: dict[str, Json] = workflow.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    _keep_defaults(workflow, plain)
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    # YAML takes these as characters only when they are escaped
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _keep_defaults(workflow: Workflow, plain: dict[str, Json]) -> None:
    """Put back the defaults of inputs that were left out: a default of null is not the same as none."""
    for name, spec in workflow.inputs.items():
        if not spec.required:
            plain["inputs"][name]["default"] = spec.default
    for name, flow in workflow.flows.items():
        _keep_defaults(flow, plain["flows"][name])


def version(content: bytes) -> WorkflowVersion:
    """Return the version of a workflow: SHA-256 of its closure, in hex."""
    return WorkflowVersion(hashlib.sha256(content).hexdigest())
