"""An installation: the only place where the store, the engine, models and tools are put together.

Everything but the store is made when it is first asked for, so that `podium runs list` loads no model provider.
Leaving `open` closes what was made, in the reverse order.

```python
async with Installation.open(find_home()) as installation:
    published = await installation.publish(Path("release-notes.yaml"))
    run = await installation.start(published, {"repo": "."})
    await (await installation.engine()).advance(run)
```
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.app.home import TOKEN, has_settings
from podium.app.principal import principal
from podium.clock import Clock, SystemClock
from podium.errors import UsageError
from podium.gate.roles import Voter
from podium.ids import IdSource, NodePath, RunId, SystemIds, WorkerId, WorkflowVersion, new_worker_id
from podium.ledger.record import RunMode
from podium.ledger.store import RunStore

if TYPE_CHECKING:
    from podium.adapters.dispatch.local import LocalDispatcher
    from podium.adapters.secrets.vault import Vault
    from podium.app.ceilings import StoredCeilings
    from podium.app.notices import Noticing
    from podium.app.policy_source import PolicySource
    from podium.app.publish import Published
    from podium.app.standing import StoredApprovals
    from podium.effects.ports import ModelPort, Models, Sandbox, Sandboxes, ToolPort, Tools
    from podium.effects.safeguards import Safeguards
    from podium.engine.runtime import Engine, Watch
    from podium.gate.roles import Directory
    from podium.graph.model import Compiled
    from podium.lint.premises import Premises
    from podium.node.calls import CodeCall, ModelCall
    from podium.node.contract import Node
    from podium.node.registry import Registry
    from podium.spec.model import ToolSpec
    from podium.spec.settings.model import Settings

Json = Any


class _LazyModels:
    """The models of an installation, found when a node first asks for one: most commands never do."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def choose(self, call: ModelCall) -> ModelPort:
        return await self._installation.models.choose(call)


class _LazyTools:
    """The tools of an installation, likewise."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def open(self, grant: str, spec: ToolSpec) -> ToolPort:
        return self._installation.tools.open(grant, spec)


class _LazySandboxes:
    """The sandboxes of an installation, likewise."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def choose(self, call: CodeCall) -> Sandbox:
        return await self._installation.sandboxes.choose(call)


SWITCH_INTERVAL_S = 0.0002
"""How long one thread keeps the interpreter while another wants it, in a process that drives runs."""

GC_THRESHOLDS = (5_000, 20, 20)
"""How often such a process looks for cycles; a step of a run leaves a few hundred objects and no cycle."""


class Installation:
    """See the module's rules; made by `open` alone."""

    def __init__(
        self,
        *,
        home: Path,
        store: RunStore,
        clock: Clock,
        ids: IdSource,
        closing: AsyncExitStack,
        models: Models | None,
        voter: Voter,
        declared: Sequence[Node] = (),
    ) -> None:
        self.home = home
        self.store = store
        self.clock = clock
        self.ids = ids
        self.worker: WorkerId = new_worker_id(ids)
        self.voter = voter
        self.principal = voter.name
        self._closing = closing
        self._given_models = models
        self._declared = declared
        self._engine: Engine | None = None
        self._making = asyncio.Lock()
        self._watchers: list[Watch] = []
        self._compiled: dict[WorkflowVersion, Compiled] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        home: Path,
        *,
        create: bool = True,
        models: Models | None = None,
        nodes: Sequence[Node] = (),
        clock: Clock | None = None,
        ids: IdSource | None = None,
    ) -> AsyncGenerator[Installation]:
        """Open the installation in `home`; `models` stands in for the installed ones, `nodes` are known beside them.

        Raises:
            StoreError: when there is no store and `create` is False, or it cannot be used.
        """
        from podium.adapters.stores.sqlite import SqliteStore

        clock, ids = clock or SystemClock(), ids or SystemIds()
        async with AsyncExitStack() as closing:
            store = await SqliteStore.open(home, clock=clock, ids=ids, create=create)
            closing.push_async_callback(store.close)
            yield cls(
                home=home,
                store=store,
                clock=clock,
                ids=ids,
                closing=closing,
                models=models,
                voter=await asyncio.to_thread(_voter, home),
                declared=nodes,
            )

    @cached_property
    def people(self) -> Directory:
        """Who is who; nobody while identities are not configured."""
        from podium.app.people import directory_of

        return directory_of(self.settings.people)

    @cached_property
    def standing(self) -> StoredApprovals:
        """What people have agreed to beforehand."""
        from podium.app.standing import StoredApprovals

        return StoredApprovals(self.store, self.clock)

    @cached_property
    def ceilings(self) -> StoredCeilings:
        """How far workflows may go by themselves."""
        from podium.app.ceilings import StoredCeilings

        return StoredCeilings(self.store, self.clock, default=self.settings.autonomy.default)

    @cached_property
    def notices(self) -> Noticing:
        """What tells people that something waits for them; it tells nobody where no channel is configured."""
        from podium.app.channels import channels_of
        from podium.app.notices import Noticing

        settings = self.settings.notices
        channels = channels_of(settings, self.vault, self.clock)
        return Noticing(self.store, self.people, channels, self.clock, link=settings.link)

    @cached_property
    def nodes(self) -> Registry:
        """The node types, shipped and plugged in."""
        from podium.app.nodes import shipped_nodes
        from podium.node.registry import Registry

        shipped = shipped_nodes()
        return Registry((*shipped.values(), *self._declared)) if self._declared else shipped

    @cached_property
    def settings(self) -> Settings:
        """What `podium.toml` says.

        Raises:
            UsageError: AP070 when it cannot be used.
        """
        from podium.app.settings import read_settings

        return read_settings(self.home)

    @cached_property
    def premises(self) -> Premises:
        """What lint is told of it."""
        from podium.app.premises import premises_of

        found = premises_of(self.settings)
        return found if self._given_models is None else found._replace(model=None)

    @cached_property
    def models(self) -> Models:
        """The models that may be asked."""
        if self._given_models is not None:
            return self._given_models
        from podium.app.models import InstalledModels

        models = InstalledModels()
        self._closing.push_async_callback(models.close)
        return models

    @cached_property
    def vault(self) -> Vault:
        """The secrets that tools may be given."""
        from podium.adapters.secrets.vault import Vault
        from podium.app.settings import rules_folder

        return Vault(self.settings.secrets, folder=rules_folder(self.home), clock=self.clock)

    @cached_property
    def tools(self) -> Tools:
        """The tools that workflows may grant."""
        from podium.adapters.tools.catalogue import InstalledTools

        tokens = {name: person.tokens for name, person in self.settings.people.items() if person.tokens}
        tools = InstalledTools(self.vault, people=tokens, clock=self.clock)
        self._closing.push_async_callback(tools.close)
        return tools

    @cached_property
    def sandboxes(self) -> Sandboxes:
        """Where programs run that nobody vouches for."""
        from podium.adapters.sandbox.installed import InstalledSandboxes

        sandboxes = InstalledSandboxes()
        self._closing.push_async_callback(sandboxes.close)
        return sandboxes

    async def engine(self) -> Engine:
        """Return the engine that drives runs as this process, which from now on counts as a living worker."""
        async with self._making:  # whoever asks meanwhile gets the same one
            if self._engine is None:
                self._engine = await self._make_engine()
                self._closing.push_async_callback(self._engine.close)
        return self._engine

    async def _make_engine(self) -> Engine:
        from podium.app.callback_key import callback_key
        from podium.engine.runtime import Engine

        # The loop and the committing thread hand the interpreter to each other at every step of a run. With
        # Python's 5 ms between two such hand-overs a chain of steps loses a sixth of its speed.
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        # What is loaded by now stays; looking through it again and again cost a tenth of the speed.
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        await self.store.alive(self.worker)
        return Engine(
            safeguards=await self.safeguards(),
            store=self.store,
            nodes=self.nodes,
            models=_LazyModels(self),
            tools=_LazyTools(self),
            sandboxes=_LazySandboxes(self),
            workflows=self.workflow,
            clock=self.clock,
            ids=self.ids,
            worker=self.worker,
            secret=await asyncio.to_thread(callback_key, self.home, self.ids),
            watch=self._tell,
        )

    async def safeguards(self) -> Safeguards:
        """Return what the files of this installation decide about its gate, policies included.

        Raises:
            UsageError: when one of them cannot be used.
        """
        from podium.app.safeguards import safeguards_of

        settings = await asyncio.to_thread(lambda: self.settings)
        found = safeguards_of(settings, policies=await self._policies(settings))
        # a secret that a tool was given must not leave in any other way
        secrets, vault = found.loss.secrets, self.vault
        loss = replace(found.loss, secrets=lambda: (*secrets(), *vault.known))
        return replace(found, loss=loss, standing=self.standing, ceilings=self.ceilings)

    async def _policies(self, settings: Settings) -> PolicySource:
        """Return the policies of this installation, read and found to be right."""
        from podium.app.policy_source import PolicySource

        source = PolicySource(home=self.home, settings=settings, store=self.store, clock=self.clock, by=self.principal)
        await source.start()
        return source

    async def dispatcher(self, *, failed: Callable[[RunId, Exception], None] | None = None) -> LocalDispatcher:
        """Return what drives the runs of this store in this process; `failed` hears of runs that cannot be driven."""
        from podium.adapters.dispatch.local import LocalDispatcher

        return LocalDispatcher(self.store, await self.engine(), self.clock, failed=failed)

    @contextmanager
    def watching(self, watch: Watch) -> Generator[None]:
        """Hear the progress of runs that this process drives while the block runs."""
        self._watchers.append(watch)
        try:
            yield
        finally:
            self._watchers.remove(watch)

    def _tell(self, run: RunId, path: NodePath, text: str) -> None:
        for watch in self._watchers:
            watch(run, path, text)

    async def publish(self, path: Path) -> Published:
        """Check a file and keep it as a version.

        Raises:
            SpecError: when it cannot be run, with all that is wrong.
        """
        from podium.app.publish import publish

        premises = await asyncio.to_thread(lambda: self.premises)
        published = await publish(self.store, self.nodes, path, by=self.principal, premises=premises)
        self._compiled[published.version] = published.compiled
        return published

    async def workflow(self, version: WorkflowVersion) -> Compiled:
        """Return a published version, compiled once.

        Raises:
            UsageError: when it is not published here.
            SpecError: when this installation lacks what it needs.
        """
        compiled = self._compiled.get(version)
        if compiled is None:
            from podium.app.publish import compile_stored

            compiled = compile_stored(await self.store.workflow(version), self.nodes)
            self._compiled[version] = compiled
        return compiled

    async def start(
        self,
        published: Published,
        inputs: Mapping[str, Json],
        *,
        priority: int | None = None,
        mode: RunMode = "live",
    ) -> RunId:
        """Create a run, runnable at once or when its turn comes; `priority` takes the place of the workflow's own.

        Raises:
            UsageError: when the inputs do not fit.
        """
        from podium.app.authors import author_of

        engine = await self.engine()
        return await engine.start(
            published.compiled,
            version=published.version,
            inputs=inputs,
            principal=self.principal,
            priority=priority,
            mode=mode,
            author=await author_of(self.store, published.version, published.texts),
        )

    async def fork(
        self,
        origin: RunId,
        *,
        again: Sequence[str] = (),
        inputs: Mapping[str, Json] | None = None,
        until: int | None = None,
    ) -> RunId:
        """Create a run that goes on from another one, in this person's name; see `Engine.fork`."""
        engine = await self.engine()
        return await engine.fork(origin, again=again, inputs=inputs, principal=self.principal, until=until)

    async def find_run(self, text: str) -> RunId:
        """Return the run whose id begins with `text`.

        Raises:
            UsageError: AP002 when there is none, AP006 when there are several.
        """
        found = await self.store.find(text)
        if RunId(text) in found:
            return RunId(text)
        match found:
            case ():
                raise UsageError("AP002", f"there is no run `{text}`", help="`podium runs list` shows the runs")
            case (run,):
                return run
            case several:
                raise UsageError("AP006", f"`{text}` fits several runs", help="which one: " + ", ".join(several) + "?")


def _voter(home: Path) -> Voter:
    """Return who acts; without settings nobody is configured, and nothing needs to be loaded to know that."""
    if not has_settings(home) and TOKEN not in os.environ:
        return Voter(principal(), assumed=True)
    from podium.app.people import acting, directory_of
    from podium.app.settings import read_settings

    return acting(directory_of(read_settings(home).people))
