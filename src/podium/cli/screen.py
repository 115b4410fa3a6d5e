"""What a person sees while a run is driven: on a terminal a table that moves, elsewhere a line a change.

Everything goes to stderr. A screen is told the run's view and what is being streamed; it decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from podium.cli.console import err, say
from podium.cli.words import count, styled, took

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from podium.clock import Clock, Millis
    from podium.ids import NodePath
    from podium.observe.live import Streams
    from podium.observe.view import FactView, NodeStatus, NodeView, Progress

MAX_ROWS = 16
"""Open nodes shown at once; more would scroll."""

FEW_ITEMS = 20
"""A map with more items than this tells only of those that fail or wait, not of each that is done."""


class Screen(Protocol):
    """Where progress is shown."""

    def show(self, progress: Progress, streams: Streams) -> None:
        """Take what has moved."""
        ...

    def tell(self, text: str) -> None:
        """Print a line that stays."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was; may be shown again."""
        ...


def screen_for(clock: Clock, *, quiet: bool) -> Screen:
    """Return the screen that fits stderr."""
    console = err()
    if quiet:
        return SilentScreen()
    return LiveScreen(console, clock) if console.is_terminal else PlainScreen(clock)


class SilentScreen:
    """Shows nothing but what must be told."""

    def show(self, progress: Progress, streams: Streams) -> None:
        """Show nothing."""

    def tell(self, text: str) -> None:
        """Print the line."""
        say(text)

    def close(self) -> None:
        """Nothing is open."""


class News:
    """Which changes of nodes are worth a line: each new status, but no crowd of items that all do well."""

    def __init__(self) -> None:
        self._told: dict[NodePath, tuple[NodeStatus, int]] = {}
        self._crowds: set[str] = set()

    def of(self, node: NodeView) -> bool:
        """Return whether the node's change is worth a line, once."""
        if node.items > FEW_ITEMS:
            self._crowds.add(f"{node.path}[")
        state = (node.status, node.attempts + node.fallback)
        if self._told.get(node.path) == state:
            return False
        self._told[node.path] = state
        well = node.status in {"running", "done", "skipped"}
        return not (well and any(node.path.startswith(crowd) for crowd in self._crowds))


class PlainScreen:
    """One line whenever a node changes its status; fit for logs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._news = News()
        self._paused_by = ""

    def show(self, progress: Progress, streams: Streams) -> None:  # noqa: ARG002 - streamed words are no log lines
        """Print what changed since the last time."""
        now = self._clock.now()
        if progress.paused_by != self._paused_by:
            self._paused_by = progress.paused_by
            elapsed = took(max(0, now - progress.created_at))
            say(f"{elapsed:>8}  {f'paused by {self._paused_by}' if self._paused_by else 'goes on'}")
        for fact in progress.facts:
            say(_fact_line(fact, progress.created_at))
        for node in progress.changed:
            if self._news.of(node):
                say(_line(node, now, progress.created_at))

    def tell(self, text: str) -> None:
        """Print the line."""
        say(text)

    def close(self) -> None:
        """Nothing is open."""


def _line(node: NodeView, now: Millis, since: Millis) -> str:
    facts = [
        f"fallback {node.fallback}" if node.fallback else "",
        f"by {node.overridden_by}" if node.overridden_by else "",
        f"attempt {node.attempts}" if node.attempts > 1 else "",
        f"{count(node.output_tokens)} tokens" if node.output_tokens else "",
        took(node.ms(now)) if node.ended_at else "",
        node.code if node.status in {"failed", "retrying"} else "",
    ]
    known = ", ".join(fact for fact in facts if fact)
    elapsed = took(max(0, now - since))
    return f"{elapsed:>8}  {node.path}  {node.label}" + (f"  ({known})" if known else "")


def _fact_line(fact: FactView, since: Millis) -> str:
    return f"{took(max(0, fact.at - since)):>8}  {fact.path}  {fact.fact} `{fact.name}`"


class LiveScreen:
    """Open nodes in a table that is redrawn in place; nodes that have ended become lines above it."""

    def __init__(self, console: Console, clock: Clock) -> None:
        from rich.live import Live

        self._clock = clock
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._news = News()

    def show(self, progress: Progress, streams: Streams) -> None:
        """Redraw."""
        from rich.text import Text

        if not self._live.is_started:
            self._live.start()
        now = self._clock.now()
        for node in progress.changed:
            if self._news.of(node) and node.ended_at:
                self._live.console.print(Text(_line(node, now, progress.created_at), style=_dim(node)))
        for fact in progress.facts:
            self._live.console.print(Text(_fact_line(fact, progress.created_at)))
        self._live.update(_table(progress, streams, now), refresh=True)

    def tell(self, text: str) -> None:
        """Print the line above the table."""
        from rich.text import Text

        self._console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        """Take the table away."""
        if self._live.is_started:
            self._live.stop()


def _dim(node: NodeView) -> str:
    return "dim" if node.label in {"done", "skipped", "revised", "withdrawn", "overridden"} else "red"


def _table(progress: Progress, streams: Streams, now: Millis) -> RenderableType:
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    # what is streamed takes what is left of the line
    table = Table(box=None, padding=(0, 1), show_header=False, expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", style="dim", ratio=1)
    for node in progress.working[:MAX_ROWS]:
        stream = streams.of(node.path)
        tries = f" ({node.attempts})" if node.attempts > 1 else ""
        tokens = f"{count(stream.pieces)} tokens" if stream.pieces else ""
        table.add_row(escape(node.path), styled(node.status) + tries, tokens, took(node.ms(now)), Text(stream.tail))
    if len(progress.working) > MAX_ROWS:
        table.add_row(f"… and {len(progress.working) - MAX_ROWS} more")
    elapsed = took(max(0, now - progress.created_at))
    stands = f"paused by {escape(progress.paused_by)}" if progress.paused_by else f"{progress.closed} done"
    table.add_row(f"[dim]{escape(progress.run)}[/dim]", f"[dim]{stands}[/dim]", "", elapsed)
    return table
