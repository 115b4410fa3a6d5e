"""LI031."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.graph.model import Use
from podium.lint.rule import Remark
from podium.lint.subject import Spot, Subject
from podium.spec.diagnostic import Severity
from podium.spec.endorse import Endorse, EndorseSpec, is_choice
from podium.spec.types import Type

WHOLE = "out"


class IdleEndorse:
    """A check under `endorse` that no result can pass, or that vouches for nothing.

    Why is this bad? The node always leaves by port `unclear`, or is denied when it runs. `choice` is for a type that
    names its values (an enum or a boolean): free text leaves an attacker any choice. The field must be one of the
    result, and a list that vouches for others must itself be trusted.

    Wrong:

    ```yaml
    podium: 1
    name: triage
    inputs:
      ticket: {type: text, trust: untrusted, default: I want my money back.}
    nodes:
      sorted:
        llm: "Which kind of ticket is this? ${inputs.ticket}"
        output: {kind: text}
        endorse: {kind: choice}
    ```

    Right:

    ```yaml
    podium: 1
    name: triage
    inputs:
      ticket: {type: text, trust: untrusted, default: I want my money back.}
    nodes:
      sorted:
        llm: "Which kind of ticket is this? ${inputs.ticket}"
        output: {kind: {enum: [refund, question]}}
        endorse: {kind: choice}
    ```
    """

    code: ClassVar[str] = "LI031"
    name: ClassVar[str] = "idle-endorse"
    severity: ClassVar[Severity] = "error"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Compare each check with the type of its field, and look where its list comes from."""
        for spot in subject.spots:
            for field, spec in spot.node.config.endorse.items():
                found = _problem(spot.node.out, field, spec) or _untrusted_list(subject, spot, field)
                if found:
                    message, help_ = found
                    yield Remark(message, (*spot.loc, "endorse", field), help_)


def _problem(out: Type, field: str, spec: Endorse) -> tuple[str, str] | None:
    if field != WHOLE and field not in out.fields() and (not out.open or out.kind not in (None, "object")):
        return f"the result has no field `{field}`", "name one of its fields, or `out` for all of it"
    type_ = out if field == WHOLE else out.fields().get(field, Type.any())
    if not isinstance(spec, EndorseSpec):
        if is_choice(type_):
            return None
        return (
            f"`{field}` is {type_}, which names no values to choose from",
            "declare an enum or a boolean under `output`",
        )
    if spec.min is not None and type_.kind not in (None, "number", "integer"):
        return f"`{field}` is {type_}, which has no bounds", "bound a number"
    if spec.origin and type_.kind not in (None, "string"):
        return f"`{field}` is {type_}, which is no URL", "name a field that is a URL"
    return None


def _untrusted_list(subject: Subject, spot: Spot, field: str) -> tuple[str, str] | None:
    program, labels = spot.node.fields.get("endorse"), subject.labels
    for found in program.parts.get(field, ()) if program is not None else ():
        use = Use(found.name, found.port, found.path)
        for labelled in labels.nodes:
            if labelled.node is spot.node:
                label = labels.of(use, labelled.env, labelled.index, failure=labelled.failure)
                if not label.trusted:
                    message = f"the list for `{field}` comes from {', '.join(label.sources)}, which nobody vouches for"
                    return message, "take it from an input, a trusted tool, or what a person has approved"
    return None
