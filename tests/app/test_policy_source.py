"""The policies of a process that drives runs: right at the start, looked at again, and never open by accident."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from podium.app.policies import MAX_BYTES, read_policies
from podium.app.policy_source import LOOK_EVERY_S, PolicySource, kept, last_note
from podium.errors import UsageError
from podium.gate.policy.bundle import Holds
from podium.gate.policy.facts import Facts, Resource
from podium.ids import ADMIN
from podium.ledger.record import AdminNoted
from podium.spec.diagnostic import SpecError
from podium.spec.settings.model import Settings
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore

pytestmark = pytest.mark.anyio

ALLOW = "- {id: all, allow: anything}\n"
DENY = "- {id: no, deny: call_tool}\n"
CALL = Facts(
    chain=("person:anna", "workflow:w"),
    action="call_tool",
    resource=Resource("Function", "mail.send", "mail", "write", "keyed", "untrusted"),
    at=1_780_000_000_000,
)


class World:
    """A folder of policies, a store, a clock and the source in between."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "policies"
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.source = self.another()
        self.changes = 0

    def another(self) -> PolicySource:
        return PolicySource(home=self.home, settings=Settings(), store=self.store, clock=self.clock, by="ada")

    async def write(self, name: str, text: str | bytes) -> None:
        await anyio.to_thread.run_sync(self._write, self.folder / name, text)

    def _write(self, path: Path, text: str | bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        self.changes += 1  # two changes within one tick of the file system's clock are still two
        os.utime(path, ns=(self.changes, self.changes))

    async def remove(self, name: str) -> None:
        await anyio.to_thread.run_sync((self.folder / name).unlink)

    def later(self) -> None:
        self.clock.advance(timedelta(seconds=LOOK_EVERY_S))

    async def code(self) -> str:
        """Return why the call is denied now, "" when it is not."""
        policies = await self.source.in_force()
        return "" if policies is None else policies.decide(CALL).code

    async def notes(self) -> list[str]:
        records = await self.store.records(ADMIN)
        bodies = [record.body for record in records if isinstance(record.body, AdminNoted)]
        return [body.subject for body in bodies if body.action == "policies.changed"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    made = World(tmp_path)
    yield made
    await made.store.close()


async def test_without_files_nothing_is_in_force_and_nothing_is_noted(world: World) -> None:
    await world.source.start()

    assert (await world.source.in_force(), await world.notes()) == (None, [])


async def test_what_is_in_force_is_kept_by_its_digest_and_noted_once(world: World) -> None:
    await world.write("a.yaml", ALLOW)

    await world.source.start()
    await world.another().start()

    policies = await world.source.in_force()
    assert policies is not None
    bundle = await kept(world.store, policies.digest)
    assert bundle is not None
    assert bundle.files == {"policies/a.yaml": ALLOW}
    assert await world.notes() == [policies.digest] == [await last_note(world.store)]


async def test_a_file_that_is_wrong_starts_nothing(world: World) -> None:
    await world.write("a.yaml", ALLOW)
    await world.write("b.cedar", "permit (principal, action)")

    with pytest.raises(SpecError, match=r"policies/b.cedar:1:1: this policy does not end") as raised:
        await world.source.start()

    assert raised.value.code == "GA015"


async def test_a_change_counts_within_the_time_of_a_look_and_not_before(world: World) -> None:
    await world.write("a.yaml", ALLOW)
    await world.source.start()
    await world.write("a.yaml", ALLOW + DENY)

    assert await world.code() == ""
    world.later()
    assert await world.code() == "GA010"
    assert len(await world.notes()) == 2


async def test_first_policies_count_without_a_restart(world: World) -> None:
    await world.source.start()
    await world.write("a.yaml", ALLOW + DENY)
    world.later()

    assert await world.code() == "GA010"


async def test_a_broken_change_denies_with_the_reason_until_it_is_corrected(world: World) -> None:
    await world.write("a.yaml", ALLOW)
    await world.source.start()
    await world.write("b.yaml", "- {id: x}\n")
    world.later()

    policies = await world.source.in_force()
    assert policies is not None
    verdict = policies.decide(CALL)
    assert verdict.code == "GA012"
    assert "policies/b.yaml:1:8: expected one of `allow`" in verdict.why
    await world.remove("b.yaml")
    world.later()
    assert await world.code() == ""


async def test_policies_that_are_gone_deny_until_a_restart_says_that_there_are_none(world: World) -> None:
    await world.write("a.yaml", ALLOW)
    await world.source.start()
    await world.remove("a.yaml")
    world.later()

    assert await world.code() == "GA012"
    world.later()
    assert await world.code() == "GA012"
    world.source = world.another()
    await world.source.start()
    assert await world.source.in_force() is None
    assert (await world.notes())[-1] == "none"


async def test_policies_that_come_back_count_again(world: World) -> None:
    await world.write("a.yaml", ALLOW)
    await world.source.start()
    await world.remove("a.yaml")
    world.later()
    assert await world.code() == "GA012"

    await world.write("a.yaml", ALLOW)
    world.later()

    assert await world.code() == ""


async def test_many_who_ask_at_once_look_once(world: World) -> None:
    await world.write("a.yaml", ALLOW)
    await world.source.start()
    await world.write("a.yaml", ALLOW + DENY)
    world.later()
    codes: list[str] = []

    async def ask() -> None:
        codes.append(await world.code())

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(ask)

    assert codes == ["GA010"] * 20
    assert len(await world.notes()) == 2


async def test_files_below_count_and_hidden_ones_and_tests_do_not(world: World) -> None:
    await world.write("deep/er/a.yaml", ALLOW)
    await world.write(".b.yaml.swp.yaml", "no")
    await world.write(".git/c.yaml", "no")
    await world.write("a.test.yaml", "no")
    await world.write("README.md", "no")

    found = await anyio.to_thread.run_sync(read_policies, world.home, Settings())

    assert list(found.bundle.files) == ["policies/deep/er/a.yaml"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"- {id: a\xff}", "is not UTF-8 text, from line 1 on"), (b"#" * (MAX_BYTES + 1), "is larger than 1 MiB")],
)
async def test_a_file_that_cannot_be_taken_starts_nothing(world: World, content: bytes, said: str) -> None:
    await world.write("a.yaml", content)

    with pytest.raises(UsageError, match=said) as raised:
        await world.source.start()

    assert raised.value.code == "AP071"


async def test_a_folder_that_cannot_be_read_starts_nothing(world: World) -> None:
    await world.write("a.yaml", ALLOW)
    await anyio.to_thread.run_sync((world.folder / "a.yaml").unlink)
    await anyio.to_thread.run_sync(lambda: (world.folder / "a.yaml").symlink_to(world.folder / "missing"))

    with pytest.raises(UsageError, match="AP071"):
        await world.source.start()


def test_who_holds_what_is_part_of_what_is_in_force(tmp_path: Path) -> None:
    settings = Settings.model_validate({"people": {"anna": {"roles": ["finance"], "users": ["awinter"]}}})

    bundle = read_policies(tmp_path, settings).bundle

    assert bundle.people == {"anna": Holds(roles=("finance",)), "awinter": Holds(roles=("finance",))}
    assert bundle.digest != read_policies(tmp_path, Settings()).bundle.digest
