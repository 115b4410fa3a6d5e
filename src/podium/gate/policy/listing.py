"""Reading a file that is a list of one kind of thing: policies, and the tests of policies."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from podium.spec.diagnostic import Diagnostic
from podium.spec.positions import Positions
from podium.spec.problems import diagnostics
from podium.spec.source import read

T = TypeVar("T")


def read_list(
    text: str, file: str, form: TypeAdapter[tuple[T, ...]], *, top: object
) -> tuple[tuple[T, ...], Positions, list[Diagnostic]]:
    """Return what stands in a file, where it stands, and what is wrong with it; nothing stands in a wrong one.

    Args:
        form: Reads the list. `top`: its type, for messages.
    """
    source = read(text)
    positions = source.positions
    wrong = [
        Diagnostic(
            code=finding.code, message=finding.message, help=finding.help, file=file, place=positions.at(finding.span)
        )
        for finding in source.findings
    ]
    if source.root is None or wrong:
        return (), positions, wrong
    try:
        return form.validate_python(source.root.value, by_alias=True, by_name=False), positions, []
    except ValidationError as error:
        errors = error.errors(include_url=False)
        told = diagnostics(errors, source.root.value, file=file, positions=positions, node_types={}, top=top)
        return (), positions, list(told)
