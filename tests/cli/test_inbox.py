"""What waits for people, from the command line: listed, shown, answered one by one and many at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from podium.app.principal import principal

Podium = Callable[..., Any]
Write = Callable[..., str]

ASK = "  draft: {transform: Draft}\n  approve: {human: Publish it?, show: draft.out, approval: APPROVAL}\n"


@pytest.fixture
def people(place: Path) -> Callable[[str], None]:
    """Return a function that makes this user a person with these roles, beside bert who is in finance."""

    def configure(roles: str) -> None:
        (place / "home").mkdir(exist_ok=True)
        me = f"[people.anna]\nroles = [{roles}]\nusers = ['{principal()}']\n"
        (place / "home" / "podium.toml").write_text(me + "[people.bert]\nroles = ['finance']\n")

    return configure


@pytest.fixture
def asking(podium: Podium, workflow: Write) -> Callable[[str], str]:
    """Return a function that starts a run which asks by a rule."""

    def start(approval: str = "{roles: [finance]}") -> str:
        return podium("run", workflow(ASK.replace("APPROVAL", approval), result="approve.out"), "-o", "json").json[
            "run"
        ]

    return start


def test_the_inbox_lists_what_waits_for_me(podium: Podium, asking: Callable[..., str]) -> None:
    run = asking()

    (item,) = podium("inbox", "-o", "json").json
    assert item == IsPartialDict(
        run=run, node="approve", text="Publish it?", show="Draft", mine=True, missing=1, agreed=[], said=[]
    )
    assert run in podium("inbox").out


def test_an_empty_inbox_says_so(podium: Podium) -> None:
    podium("new", "hello")
    podium("run", "hello.yaml")

    assert (podium("inbox").out, podium("inbox").err) == ("", "nothing waits for you\n")


def test_what_others_must_answer_is_listed_only_when_asked_for(
    podium: Podium, asking: Callable[..., str], people: Callable[[str], None]
) -> None:
    people("'editor'")
    run = asking()

    assert podium("inbox", "-o", "json").json == []
    (item,) = podium("inbox", "--everybody", "-o", "json").json
    assert (item["run"], item["mine"]) == (run, False)


def test_whoever_has_not_the_role_is_refused_and_told_who_is_asked(
    podium: Podium, asking: Callable[..., str], people: Callable[[str], None]
) -> None:
    people("'editor'")
    said = podium("approve", asking())

    assert (said.code, said.err) == (
        2,
        "error: AP080: `anna` may not decide about `approve` now\n  asked is: role `finance`\n",
    )


def test_the_record_says_who_decided_and_what_they_held(
    podium: Podium, asking: Callable[..., str], people: Callable[[str], None]
) -> None:
    people("'finance', 'editor'")
    run = asking("{roles: [finance], four_eyes: [owner]}")

    assert podium("approve", run).err.startswith(f"approved `approve` of run {run} as anna\n")
    assert "by=anna" in podium("ledger", "show", run).out


def test_four_eyes_stop_the_person_who_started_it(
    podium: Podium, asking: Callable[..., str], people: Callable[[str], None]
) -> None:
    people("'finance'")

    assert "AP081" in podium("approve", asking("{four_eyes: [requester]}")).err
    assert "AP081" in podium("approve", asking("{four_eyes: [author]}")).err


def test_show_tells_all_that_one_should_know(podium: Podium, asking: Callable[..., str]) -> None:
    run = asking("{roles: [finance], count: 2, veto: [legal], expires: 8h}")
    podium("approve", run, "--ask", "which draft?")
    podium("approve", run, "--info", "the second")

    me = principal()
    assert podium("inbox", "show", run).out.splitlines()[1:] == [
        "  | Draft",
        "  needs 2 of: role finance",
        "  a no ends it from: legal",
        "  open for 7h59m, then it is denied",
        f"  {me} asks: which draft?",
        f"  {me} says: the second",
        "Publish it?",
    ]


def test_one_of_two_voices_is_told_that_it_waits_for_more(podium: Podium, asking: Callable[..., str]) -> None:
    run = asking("{count: 2}")

    said = podium("approve", run)
    assert said.err.splitlines()[-1] == "it waits for more; `podium inbox show` tells for whom"
    assert "AP084" in podium("approve", run).err
    assert podium("approve", run, "--retract").code == 0
    assert podium("approve", run).code == 0


def test_a_value_takes_the_place_of_what_was_shown(podium: Podium, asking: Callable[..., str]) -> None:
    run = asking()

    assert "AP004" in podium("approve", run, "--value", "better").err
    assert "AP020" in podium("approve", run, "--value", '"better"', "--ask", "what?").err
    assert podium("approve", run, "--value", '"better"').code == 0
    assert podium("runs", "resume", run, "-o", "json").json["result"] == "better"


def test_many_are_answered_at_once_after_they_were_shown(podium: Podium, asking: Callable[..., str]) -> None:
    runs = [asking(), asking()]

    assert podium("inbox", "approve").err.startswith("error: AP089")
    assert "AP089: nobody is here who could confirm it" in podium("inbox", "approve", "--all").err
    assert len(podium("inbox", "-o", "json").json) == 2
    said = podium("inbox", "approve", "--all", "--yes", "--workflow", "other")
    assert said.err == "nothing of that waits for you\n"

    said = podium("inbox", "approve", "--all", "--yes", "--reason", "as agreed")
    assert (said.code, said.err.count("Publish it?"), said.err.count("approved `approve`")) == (0, 2, 2)
    assert [podium("runs", "resume", run, "-o", "json").json["status"] for run in runs] == ["done", "done"]


def test_many_are_rejected_by_their_runs(podium: Podium, asking: Callable[..., str]) -> None:
    one, other = asking(), asking()

    assert podium("inbox", "reject", one, "--yes").code == 0
    assert [item["run"] for item in podium("inbox", "-o", "json").json] == [other]


def test_a_script_answers_exactly_what_it_has_read(podium: Podium, asking: Callable[..., str]) -> None:
    run = asking()
    (item,) = podium("inbox", "-o", "json").json

    said = podium("approve", run, "--seen", "0" * 64)
    assert (said.code, said.err) == (
        2,
        "error: AP083: `approve` asks something else by now\n  look at it again\n",
    )
    assert podium("reject", run, "--seen", "0" * 64).code == 2
    assert podium("approve", run, "--seen", item["subject"]).code == 0
