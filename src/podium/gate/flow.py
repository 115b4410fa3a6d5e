"""May these labels flow to this sink? The same rules at run time and, before any run, over the graph.

1. **Confidentiality**: nothing goes where its level is not cleared. Denied.
2. **Residency**: nothing goes to a region that it may not go to; this machine is always allowed. Denied.
3. **Integrity**: an argument that decides who or what is affected must be somebody's word: the user's, the author's, or
   vouched for. So must the decisions that led to the call. Otherwise a person is asked.

An `irreversible` call counts as a whole: it must not be made on the word of anybody, whatever its arguments. So does
every act that a model chose itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from podium.gate.labels import USER, Label, Lattice
from podium.gate.sinks import Sink

Rule = Literal["confidentiality", "residency", "untrusted_argument", "untrusted_control", "untrusted_choice"]


class Flow(NamedTuple):
    """Something that may not simply happen.

    Attributes:
        rule: Which rule says so. The first two deny, the others ask a person.
        argument: Which argument, "" for the call as a whole.
        label: Of what would flow.
    """

    rule: Rule
    argument: str
    label: Label

    @property
    def denied(self) -> bool:
        """Whether no person could allow it."""
        return self.rule in ("confidentiality", "residency")

    @property
    def reason(self) -> str:
        """As it stands in records."""
        return f"{self.rule}:{self.argument}" if self.argument else self.rule


def flows(
    lattice: Lattice,
    sink: Sink,
    *,
    control: Label,
    read: Label,
    arguments: Mapping[str, Label],
    choice: Label = USER,
) -> Iterator[Flow]:
    """Yield what of a call may not simply happen.

    Args:
        control: Of the decisions that led to the call.
        read: Of everything that it was made of.
        arguments: Its arguments, each with its own label.
        choice: Of the choice of its function, where a model made it.
    """
    whole = lattice.join(read, control)
    if not lattice.cleared(sink.clearance, whole):
        yield Flow("confidentiality", "", whole)
    if sink.region and whole.residency is not None and sink.region not in whole.residency:
        yield Flow("residency", "", whole)
    if sink.effect in ("none", "read"):
        return
    for argument, label in arguments.items():
        if not label.trusted and sink.is_critical(argument):
            yield Flow("untrusted_argument", argument, label)
    decides = sink.effect == "irreversible" or any(sink.is_critical(argument) for argument in arguments)
    if decides and not control.trusted:
        yield Flow("untrusted_control", "", control)
    if not choice.trusted:
        yield Flow("untrusted_choice", "", choice)
