"""A hundred policies as an installation may have them: a few that allow, many that forbid something to somebody."""

from __future__ import annotations

from pathlib import Path

COUNT = 100
"""Policies in all, those that are obliging included."""

_HEAD = """\
@id("everyday")
permit(principal, action, resource);

@id("only-cleared")
forbid(principal, action, resource) when { context.integrity == "untrusted" && context.control == "untrusted" };

@id("large-sums")
@obligation("approval")
@roles("finance")
forbid(principal, action == Action::"call_tool", resource) when {
  context.numbers.hasTag("amount") && context.numbers.getTag("amount").greaterThan(decimal("1000.0"))
};
"""

_RULE = """
@id("rule-{number}")
forbid(principal, action == Action::"call_tool", resource == Function::"tool{number}.delete")
unless {{ principal == Person::"person{number}" }};
"""


def write_policies(folder: Path) -> None:
    """Write them into `folder/policies`."""
    target = folder / "policies"
    target.mkdir(parents=True)
    rules = "".join(_RULE.format(number=number) for number in range(COUNT - 3))
    (target / "company.cedar").write_text(_HEAD + rules)
