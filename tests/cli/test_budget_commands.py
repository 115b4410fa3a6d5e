"""`podium budget …` and `podium forecast`: what is left, who used it, what is to be expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podium.cli.amounts import amount, money
from podium.testing import Said, ScriptedModel

Json = Any
Podium = Callable[..., Any]

SETTINGS = """
[budgets.team]
match = {workflow = "w"}
period = "total"
%s
"""


@pytest.fixture
def settings(place: Path) -> Callable[[str], None]:
    """Return a function that writes what the installation has decided."""

    def write(text: str) -> None:
        (place / "home").mkdir(exist_ok=True)
        (place / "home" / "podium.toml").write_text(text)

    return write


def pays(place: Path, *, times: int = 1) -> str:
    nodes = "".join(
        f"  n{number}: {{tool: files.write, with: {{path: {number}.txt, text: x}}}}\n" for number in range(times)
    )
    grant = "{python: podium.tools.files, root: ., effect: write, delivery: keyed, only: [write], cost: {usd: 0.02}}"
    (place / "w.yaml").write_text(f"podium: 1\nname: w\ntools: {{files: {grant}}}\nnodes:\n{nodes}")
    return "w.yaml"


def test_what_is_used_and_left_is_shown_and_by_whom(
    podium: Podium, place: Path, settings: Callable[[str], None]
) -> None:
    settings(SETTINGS % "usd = 0.05\nwarn_at = 0.7")
    assert podium("run", pays(place, times=2)).code == 0

    assert podium("budget", "list", "-o", "json").json == [
        {
            "budget": "team",
            "account": "team/total",
            "period": "total",
            "state": "warn",
            "limits": {"usd": 0.05},
            "used": {"tokens": 0, "usd": 0.04, "calls": 2, "energy_wh": 0.0},
            "held": {"tokens": 0, "usd": 0.0, "calls": 0, "energy_wh": 0.0},
            "left": {"usd": 0.01},
            "calls_of_unknown_price": 0,
            "calls_of_unknown_energy": 2,
        }
    ]
    shown = podium("budget", "show", "team", "-o", "json").json
    assert [(one["workflow"], one["runs"], one["usd"]) for one in shown["by_workflow"]] == [("w", 1, 0.04)]
    assert "left $0.01 of $0.05" in podium("budget", "show", "team").out


def test_a_run_that_would_pass_a_shared_budget_ends_at_its_limit(
    podium: Podium, place: Path, settings: Callable[[str], None]
) -> None:
    settings(SETTINGS % "calls = 0")

    ran = podium("run", pays(place))

    assert (ran.code, "GA005: budget `team/total` is used up" in ran.err) == (10, True)


def test_an_unknown_price_is_shown_as_unknown_and_never_as_0(
    podium: Podium,
    place: Path,
    settings: Callable[[str], None],
    model: Callable[[ScriptedModel], None],
) -> None:
    model(ScriptedModel([Said(text="yes")]))
    settings(SETTINGS % "usd = 1\nunknown_price = 'allow'")
    (place / "w.yaml").write_text("podium: 1\nname: w\nnodes: {a: {llm: Well?}}\n")
    ran = podium("run", "w.yaml", "-o", "json")
    assert ran.code == 0

    assert "$0 and 1 unknown" in podium("budget", "list").out
    used = podium("runs", "show", ran.json["run"], "-o", "json").json["used"]
    assert (used["usd"], used["energy_wh"], used["calls_of_unknown_price"], used["calls"]) == (None, None, 1, 1)


def test_without_a_price_a_model_is_denied_where_money_is_limited(
    podium: Podium,
    place: Path,
    settings: Callable[[str], None],
    model: Callable[[ScriptedModel], None],
) -> None:
    model(ScriptedModel([Said(text="yes")]))
    (place / "w.yaml").write_text("podium: 1\nname: w\nbudget: {usd: 1}\nnodes: {a: {llm: Well?}}\n")

    refused = podium("run", "w.yaml")

    assert (refused.code, "GA050" in refused.err) == (9, True)
    settings("[prices.'*']\ninput = 1\noutput = 2\n")
    assert podium("run", "w.yaml").code == 0


def test_a_pace_is_told_of_budgets_that_begin_anew(
    podium: Podium, place: Path, settings: Callable[[str], None]
) -> None:
    settings("[budgets.daily]\nperiod = 'day'\nusd = 10\n\n[budgets.once]\nperiod = 'total'\nusd = 10\n")
    assert podium("run", pays(place)).code == 0

    daily, once = podium("budget", "burn", "-o", "json").json

    assert daily["projected"]["usd"] >= 0.02
    assert (once["elapsed"], once["projected"], once["used_up_at"]) == (None, None, "")


def test_a_budget_that_does_not_exist_is_told_with_those_that_do(
    podium: Podium, place: Path, settings: Callable[[str], None]
) -> None:
    settings(SETTINGS % "usd = 1")
    podium("run", pays(place))

    wrong = podium("budget", "show", "teem")

    assert (wrong.code, wrong.err.splitlines()[0]) == (2, "error: AP100: there is no budget `teem`")


def test_a_budget_that_limits_nothing_stops_what_would_run(
    podium: Podium, place: Path, settings: Callable[[str], None]
) -> None:
    settings("[budgets.team]\nperiod = 'day'\n")

    assert "AP070" in podium("run", pays(place)).err


def test_a_forecast_tells_the_most_before_anything_has_run_and_writes_nothing(podium: Podium, place: Path) -> None:
    said = podium("forecast", pays(place), "-o", "json")

    assert said.json == {
        "at_most": {
            "calls": 4,
            "model_calls": 0,
            "output_tokens": 0,
            "usd": 0.08,
            "energy_wh": None,
            "approvals": 1,
            "prompts_cost_extra": False,
        },
        "history": None,
    }
    assert not (place / "home").exists()


def test_a_forecast_rests_on_runs_that_have_ended_and_says_on_how_many(podium: Podium, place: Path) -> None:
    file = pays(place)
    for _ in range(3):
        assert podium("run", file).code == 0

    said = podium("forecast", file, "-o", "json").json["history"]

    assert (said["runs"], said["same_version"], said["usd"], said["energy_wh"]) == (
        3,
        True,
        {"p50": 0.02, "p90": 0.02},
        {"p50": None, "p90": None},
    )
    shown = podium("forecast", file).out
    assert "rests on 3 earlier runs of this version" in shown
    assert "unknown" in shown


@pytest.mark.parametrize(
    ("nano", "shown"),
    [(0, "$0"), (15, "$1.5e-08"), (12_300_000, "$0.0123"), (1_500_000_000, "$1.50"), (2_345_678_900_000, "$2 345.68")],
)
def test_money_is_shown_with_the_digits_that_matter(nano: int, shown: str) -> None:
    assert money(nano) == shown


def test_what_nobody_knows_is_unknown() -> None:
    assert (amount("tokens", None), amount("micro_wh", 1_500_000), amount("tokens", 12_340)) == (
        "unknown",
        "1.5 Wh",
        "12 340 tokens",
    )


def test_a_run_says_first_what_it_may_use_where_that_is_wanted(podium: Podium, place: Path) -> None:
    file = pays(place)

    first, second = (podium("run", file, "--forecast") for _ in range(2))

    assert (first.code, second.code) == (0, 0)
    lines = [line for said in (first, second) for line in said.err.splitlines() if line.startswith("forecast:")]
    assert lines == [
        "forecast: at most 4 calls, $0.08, 1 approval; no earlier run of this workflow has ended yet",
        (
            "forecast: at most 4 calls, $0.08, 1 approval; half of the runs took 1 call, $0.02 or less "
            "(rests on 1 earlier run of this version)"
        ),
    ]
    assert first.err.index("forecast:") < first.err.index("run r")
    assert "forecast:" not in podium("run", file).err
