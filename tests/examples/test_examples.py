"""Every way through every example: what the people in it say, what the world answers, where that leads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from podium.adapters.sandbox.installed import InstalledSandboxes
from podium.engine.control import signal
from podium.errors import EffectError
from podium.ids import RunId, SystemIds
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, RunResult, compile_text, run_workflow
from podium.testing.scripted import Said, ScriptedModel
from podium.testing.tools import ScriptedTools, World
from podium.tools.text import find

pytestmark = pytest.mark.anyio

EXAMPLES = Path(__file__).parents[2] / "examples"
Verdict = Literal["approved", "rejected"]


async def run(name: str, **world: Any) -> RunResult:
    return await run_workflow((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"), **world)


def says(**answers: Any) -> ScriptedModel:
    """A model that answers by what stands in the prompt."""
    return ScriptedModel(when={mark.replace("_", " "): answer for mark, answer in answers.items()})


def published(world: World) -> list[Mapping[str, Any]]:
    return world.landed("files.write")


def release_world() -> World:
    world = World()
    world.on("git.git_log", "Commit: a\nMessage: Faster search\n\nCommit: b\nMessage: Fix a crash\n")
    world.on("text.find", lambda arguments: find(**arguments))
    world.on("files.write", {"path": "RELEASE_NOTES.md"})
    return world


TWO = {"highlights": [{"title": "Quicker search", "commit": 1}, {"title": "No more crash", "commit": 2}]}


def writer() -> ScriptedModel:
    return says(numbered=TWO, plain_sentences="You find things sooner.")


class TestReleaseNotes:
    async def test_a_yes_publishes_exactly_what_was_approved(self) -> None:
        world = release_world()

        result = await run("release-notes", model=writer(), tools=ScriptedTools(world), answers={"approve": "approved"})

        assert result.status == "done"
        assert published(world) == [{"path": "RELEASE_NOTES.md", "text": result.outs["approve"] + "\n"}]
        assert result.value == result.outs["approve"]

    async def test_a_commit_that_is_not_there_is_asked_about_again(self) -> None:
        wrong = {"highlights": [{"title": "Quicker search", "commit": 7}, {"title": "No more crash", "commit": 2}]}
        model = says(numbered=(wrong, TWO), plain_sentences="You find things sooner.")

        result = await run("release-notes", model=model, tools=ScriptedTools(release_world()))

        assert result.outs["highlights~1"] == TWO
        assert result.outs["notes"] == (
            "## Quicker search\n\nYou find things sooner.\n\n## No more crash\n\nYou find things sooner."
        )
        assert "There are only 2 commits" in model.calls[1].messages[-1].text
        assert "Fix a crash" in model.calls[3].messages[-1].text

    async def test_a_commit_that_is_named_twice_is_asked_about_again(self) -> None:
        twice = {"highlights": [{"title": "Quicker search", "commit": 1}, {"title": "Search again", "commit": 1}]}
        model = says(numbered=(twice, TWO), plain_sentences="You find things sooner.")

        result = await run("release-notes", model=model, tools=ScriptedTools(release_world()))

        assert result.outs["highlights~1"] == TWO

    async def test_without_an_answer_nothing_is_published(self) -> None:
        world = release_world()

        result = await run("release-notes", model=writer(), tools=ScriptedTools(world))

        assert result.status == "approval"
        assert published(world) == []

    async def test_a_no_ends_denied_and_publishes_nothing(self) -> None:
        world = release_world()

        result = await run("release-notes", model=writer(), tools=ScriptedTools(world), answers={"*": "rejected"})

        assert result.status == "denied"
        assert published(world) == []


class TestSecondOpinion:
    @pytest.mark.parametrize(
        ("tone", "advice", "facts", "value"),
        [("good", "good", "bad", "good"), ("bad", "good", "bad", "bad"), ("mixed", "mixed", "mixed", "mixed")],
    )
    async def test_more_than_half_decide(self, tone: str, advice: str, facts: str, value: str) -> None:
        model = says(Is_the_tone=f'"{tone}"', buy_again=f'"{advice}"', Do_the_facts=f'"{facts}"')

        result = await run("second-opinion", model=model)

        assert (result.status, result.value) == ("done", value)
        assert "settle" not in result.ports

    async def test_three_opinions_go_to_a_person(self) -> None:
        model = says(Is_the_tone='"good"', buy_again='"bad"', Do_the_facts='"mixed"')

        waiting = await run("second-opinion", model=model)
        settled = await run("second-opinion", model=model, answers={"settle": "approved"})
        refused = await run("second-opinion", model=model, answers={"settle": "rejected"})

        assert waiting.status == "approval"
        assert (settled.status, settled.value) == ("done", "mixed")
        assert settled.outs["settle"] == {"tone": "good", "advice": "bad", "facts": "mixed"}
        assert refused.status == "denied"


class TestTriageTicket:
    @pytest.mark.parametrize(
        ("urgency", "topic", "port", "value"),
        [
            ("high", "printer", "case_1", "Someone from printer is on the way."),
            ("low", "network", "case_2", "Turn it off and on.\n\nSpare parts are in room 0.12."),
            ("low", "other", "else", "Thank you, we will answer within two days."),
        ],
    )
    async def test_every_ticket_gets_one_answer(self, urgency: str, topic: str, port: str, value: str) -> None:
        model = says(Sort_this_ticket={"urgency": urgency, "topic": topic}, three_short_steps="Turn it off and on.")

        result = await run("triage-ticket", model=model)

        assert (result.status, result.ports["way"], result.value) == ("done", port, value)


class TestSummariseFiles:
    @staticmethod
    def files(arguments: Mapping[str, Any]) -> str:
        if arguments["path"] == "gone.md":
            raise EffectError("EF021", "`gone.md` is not there", kind="failed")
        return f"text of {arguments['path']}"

    async def test_what_is_there_is_summed_up_and_what_is_not_is_told(self) -> None:
        model = says(text_of_a="line a", text_of_b="line b", Sum_up="both")

        result = await run(
            "summarise-files",
            inputs={"paths": ["a", "gone.md", "b"]},
            model=model,
            tools={"files.read": self.files},
        )

        assert (result.status, result.value) == ("done_with_errors", "both")
        assert result.outs["lines"] == ["line a", "line b"]

    async def test_no_files_end_early(self) -> None:
        result = await run("summarise-files", inputs={"paths": []}, tools={"files.read": self.files})

        assert (result.status, result.value) == ("done", "")
        assert result.ports == {"lines": "empty", "nothing": "stop:done"}

    async def test_a_model_that_was_away_for_a_moment_is_asked_again(self) -> None:
        model = ScriptedModel([EffectError("EF003", "away", kind="unavailable"), "line a", "sum"])

        result = await run("summarise-files", inputs={"paths": ["a"]}, model=model, tools={"files.read": self.files})

        assert (result.status, result.value) == ("done", "sum")


class TestApproveRefund:
    async def test_a_small_amount_needs_nobody(self) -> None:
        result = await run("approve-refund", inputs={"amount": 20.0})

        assert (result.status, result.value) == ("done", "We refund 20.0 EUR for order A-1007.")
        assert "approve" not in result.ports

    async def test_a_large_one_waits_for_a_yes(self) -> None:
        waiting = await run("approve-refund")
        approved = await run("approve-refund", answers={"approve": "approved"})

        assert waiting.status == "approval"
        assert (approved.status, approved.value) == ("done", "We refund 240 EUR for order A-1007.")

    async def test_a_no_never_lets_the_refund_through(self) -> None:
        result = await run("approve-refund", model=says(kind_letter="Sorry."), answers={"approve": "rejected"})

        assert (result.status, result.value) == ("done", "Sorry.")
        assert "letter" not in result.ports


async def refund(said: dict[str, Any], world: World, **answers: Verdict) -> RunResult:
    """Let the desk decide what a model has made of the message; its code runs where the code of users runs."""
    world.on("books.write", {"path": "refund.txt"})
    sandboxes = InstalledSandboxes()
    try:
        model = ScriptedModel([said])
        return await run("refund-desk", tools=ScriptedTools(world), model=model, answers=answers, sandboxes=sandboxes)
    finally:
        await sandboxes.close()


class TestRefundDesk:
    async def test_nothing_is_booked_before_a_person_agrees(self) -> None:
        world = World()
        result = await refund({"order": "A-1007", "amount": 400}, world)

        assert (result.status, world.effects) == ("approval", [])

    async def test_no_more_is_paid_than_our_own_books_say(self) -> None:
        world = World()
        result = await refund({"order": "A-1007", "amount": 400}, world, released="approved")

        assert result.status == "done"
        assert world.landed("books.write") == [{"path": "refund-A-1007.txt", "text": "240 EUR to DE-17\n"}]

    @pytest.mark.parametrize("said", [{"order": "B-1", "amount": 10}, {"order": "A-1007", "amount": 100_000}])
    async def test_what_a_stranger_made_up_goes_to_a_person(self, said: dict[str, Any]) -> None:
        world = World()
        result = await refund(said, world)

        assert (result.status, world.effects, "by_hand" in result.ports) == ("done", [], True)

    async def test_a_no_books_nothing(self) -> None:
        world = World()
        result = await refund({"order": "A-1009", "amount": 15}, world, released="rejected")

        assert (result.status, world.effects) == ("denied", [])


class TestShortNotice:
    async def test_a_good_draft_is_posted(self) -> None:
        result = await run("short-notice", model=ScriptedModel(["The canteen closes at two."]))

        assert (result.status, result.value) == ("done", "The canteen closes at two.")

    async def test_a_bad_draft_goes_back_with_the_reasons(self) -> None:
        model = ScriptedModel(["Closing!" * 60, "The canteen closes at two."])

        result = await run("short-notice", model=model)

        assert (result.status, result.value) == ("done", "The canteen closes at two.")
        assert model.prompts[1] == (
            "This was not accepted: Use at most 400 characters, not 480.\nNo exclamation marks.\n"
            "Answer again, and correct that."
        )

    async def test_after_three_rounds_a_person_takes_over(self) -> None:
        waiting = await run("short-notice", model=ScriptedModel(["Closing!"] * 4))
        posted = await run("short-notice", model=ScriptedModel(["Closing!"] * 4), answers={"by_hand": "approved"})

        assert waiting.status == "approval"
        assert (posted.status, posted.value) == ("done", "Closing!")

    async def test_a_draft_that_was_cut_off_is_never_posted(self) -> None:
        result = await run("short-notice", model=ScriptedModel([Said(text="The canteen clo", finish="length")]))

        assert result.status == "limit"


class TestBookATrip:
    async def test_what_can_be_had_is_booked(self) -> None:
        result = await run("book-a-trip")

        assert (result.status, result.value) == ("done", "Booked for 300 EUR. Day in Lisbon. Day in Lisbon. ")
        assert "trip/hotel.compensate" not in result.ports

    async def test_what_was_booked_is_given_back_when_the_rest_cannot_be_had(self) -> None:
        result = await run("book-a-trip", inputs={"city": "Atlantis"})

        assert result.status == "done"
        assert result.value == "Not booked: nobody flies to Atlantis. Day in Atlantis. Day in Atlantis. "
        assert result.outs["trip/hotel.compensate"] == "give back R-Atlantis"


class TestAwaitPayment:
    async def test_a_payment_within_two_weeks_needs_no_reminder(self) -> None:
        async with payment() as bench:
            run_id = await bench.start({})
            assert await bench.settle(run_id, {}) == "signal"

            await paid(bench, run_id, amount=120)
            assert await bench.settle(run_id, {}) == "done"

            result = await bench.result(run_id, "done")
        assert result.value == "Thank you for 120 EUR."
        assert "remind" not in result.ports

    async def test_a_signal_that_comes_early_is_kept(self) -> None:
        async with payment() as bench:
            run_id = await bench.start({})
            await paid(bench, run_id, amount=7)

            assert await bench.settle(run_id, {}) == "done"

    async def test_after_two_weeks_a_reminder_goes_out(self) -> None:
        async with payment() as bench:
            run_id = await bench.start({})
            await bench.settle(run_id, {})

            bench.clock.advance(timedelta(days=15))
            assert await bench.settle(run_id, {}) == "signal"
            await paid(bench, run_id, amount=100)
            assert await bench.settle(run_id, {}) == "done"

            result = await bench.result(run_id, "done")
        assert result.ports["payment"] == "expired"
        assert result.value == "Thank you for 100 EUR."

    async def test_after_three_weeks_the_run_gives_up(self) -> None:
        async with payment() as bench:
            run_id = await bench.start({})
            for _ in range(2):
                await bench.settle(run_id, {})
                bench.clock.advance(timedelta(days=15))

            assert await bench.settle(run_id, {}) == "failed"

            result = await bench.result(run_id, "failed")
        assert result.ports["give_up"] == "stop:failed"


class PaymentBench(Bench):
    """A bench whose clock is the test's."""

    clock: FakeClock


@asynccontextmanager
async def payment() -> AsyncGenerator[PaymentBench]:
    compiled = compile_text((EXAMPLES / "await-payment.yaml").read_text(encoding="utf-8"))
    clock = FakeClock(tick_ms=1)
    bench = PaymentBench(
        compiled,
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(),
        clock=clock,
        ids=SystemIds(),
    )
    try:
        yield bench
    finally:
        await bench.engine.close()


async def paid(bench: Bench, run_id: RunId, *, amount: int) -> None:
    await signal(bench.store, bench.ids, run_id, "paid", by="erp", value={"amount": amount})
