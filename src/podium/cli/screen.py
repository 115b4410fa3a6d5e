"""What a person sees while a run is driven: on a terminal a table that moves, elsewhere a line a change.

Everything goes to stderr. A screen is told the run's view and what is being streamed; it decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from podium.cli.console import err, say
from podium.cli.words import count, styled, took

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from podium.clock import Clock, Millis
    from podium.ids import NodePath
    from podium.observe.live import Streams
    from podium.observe.timeline import NodeStatus, NodeView, RunView

MAX_ROWS = 16
"""Open nodes shown at once; more would scroll."""


class Screen(Protocol):
    """Where progress is shown."""

    def show(self, view: RunView, streams: Streams) -> None:
        """Take what is known now."""
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

    def show(self, view: RunView, streams: Streams) -> None:
        """Show nothing."""

    def tell(self, text: str) -> None:
        """Print the line."""
        say(text)

    def close(self) -> None:
        """Nothing is open."""


class PlainScreen:
    """One line whenever a node changes its status; fit for logs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[NodePath, tuple[NodeStatus, int]] = {}

    def show(self, view: RunView, streams: Streams) -> None:  # noqa: ARG002 - streamed words are no log lines
        """Print what changed since the last time."""
        now = self._clock.now()
        for node in view.nodes:
            state = (node.status, node.attempts)
            if self._seen.get(node.path) != state:
                self._seen[node.path] = state
                say(_line(node, now, view.created_at))

    def tell(self, text: str) -> None:
        """Print the line."""
        say(text)

    def close(self) -> None:
        """Nothing is open."""


def _line(node: NodeView, now: Millis, since: Millis) -> str:
    facts = [
        f"attempt {node.attempts}" if node.attempts > 1 else "",
        f"{count(node.output_tokens)} tokens" if node.output_tokens else "",
        took(node.ms(now)) if node.ended_at else "",
        node.code if node.status in {"failed", "retrying"} else "",
    ]
    known = ", ".join(fact for fact in facts if fact)
    elapsed = took(max(0, now - since))
    return f"{elapsed:>8}  {node.path}  {node.status}" + (f"  ({known})" if known else "")


class LiveScreen:
    """Open nodes in a table that is redrawn in place; nodes that have ended become lines above it."""

    def __init__(self, console: Console, clock: Clock) -> None:
        from rich.live import Live

        self._clock = clock
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._ended: dict[NodePath, NodeStatus] = {}

    def show(self, view: RunView, streams: Streams) -> None:
        """Redraw."""
        if not self._live.is_started:
            self._live.start()
        now = self._clock.now()
        for node in view.nodes:
            self._keep(node, view, now)
        working = [node for node in view.nodes if node.status in {"running", "retrying", "waiting"}]
        self._live.update(_table(view, working, streams, now), refresh=True)

    def _keep(self, node: NodeView, view: RunView, now: Millis) -> None:
        """Print the line of a node that has just ended, once; a node that began again may end again."""
        if not node.ended_at:
            self._ended.pop(node.path, None)
        elif self._ended.get(node.path) != node.status:
            self._ended[node.path] = node.status
            from rich.text import Text

            self._live.console.print(Text(_line(node, now, view.created_at), style=_dim(node)))

    def tell(self, text: str) -> None:
        """Print the line above the table."""
        from rich.text import Text

        self._console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        """Take the table away."""
        if self._live.is_started:
            self._live.stop()


def _dim(node: NodeView) -> str:
    return "dim" if node.status in {"done", "skipped"} else "red"


def _table(view: RunView, working: Sequence[NodeView], streams: Streams, now: Millis) -> RenderableType:
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
    for node in working[:MAX_ROWS]:
        stream = streams.of(node.path)
        tries = f" ({node.attempts})" if node.attempts > 1 else ""
        tokens = f"{count(stream.pieces)} tokens" if stream.pieces else ""
        table.add_row(escape(node.path), styled(node.status) + tries, tokens, took(node.ms(now)), Text(stream.tail))
    if len(working) > MAX_ROWS:
        table.add_row(f"… and {len(working) - MAX_ROWS} more")
    done = sum(1 for node in view.nodes if node.ended_at)
    table.add_row(f"[dim]{escape(view.run)}[/dim]", f"[dim]{done} done[/dim]", "", took(max(0, now - view.created_at)))
    return table
