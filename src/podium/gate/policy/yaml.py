"""Reading a `.yaml` file of policies: each becomes Cedar, and every mistake is told where it is written."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter

from podium.gate.labels import Lattice
from podium.gate.policy.cedar import parse
from podium.gate.policy.listing import read_list
from podium.gate.policy.rule import Rule
from podium.gate.policy.translate import UnknownLevel, cedar
from podium.gate.policy.written import PolicyFile, PolicySpec
from podium.spec.diagnostic import Diagnostic
from podium.spec.positions import Positions
from podium.spec.suggest import did_you_mean

_FILE = TypeAdapter[tuple[PolicySpec, ...]](PolicyFile)


def parse_yaml(text: str, file: str, lattice: Lattice) -> tuple[list[Rule], list[Diagnostic]]:
    """Return the policies of a file, and what is wrong with it."""
    policies, positions, found = read_list(text, file, _FILE, top=PolicyFile)
    rules: list[Rule] = []
    for index, policy in enumerate(policies):
        for one in _rules(policy, index, file, lattice, positions):
            if isinstance(one, Diagnostic):
                found.append(one)
            else:
                rules.append(one)
    return rules, found


def _rules(
    policy: PolicySpec, index: int, file: str, lattice: Lattice, positions: Positions
) -> Iterator[Rule | Diagnostic]:
    place = positions.value((index, "id"))
    try:
        text = cedar(policy, lattice)
    except UnknownLevel as error:
        (name,) = error.args
        help_ = did_you_mean(name, lattice.levels) or f"known are {', '.join(f'`{one}`' for one in lattice.levels)}"
        message = f"policy `{policy.id}`: there is no level `{name}`"
        yield Diagnostic(code="GA019", message=message, help=help_, file=file, place=place, loc=(index,))
        return
    rules, wrong = parse(text, file)
    yield from (rule._replace(place=place) for rule in rules)
    for one in wrong:
        yield Diagnostic(
            code=one.code, message=f"policy `{policy.id}`: {one.message}", help=one.help, file=file, place=place
        )
