"""The end of a run as people read it: result, nodes, files, evidence, and what to do next.

The result goes to stdout, so that it can be piped; all the rest is about it and goes to stderr.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from podium.app.effect_diff import Deeds, read_deeds
from podium.app.overview import Overview, read_json, read_overview
from podium.cli import exits
from podium.cli.ask import shown
from podium.cli.console import Format, emit, emit_line, err, put, say
from podium.cli.deeds import deeds_json, deeds_page
from podium.cli.present import fault_text, how_to_answer, node_table, standing_lines, told_text, wait_text
from podium.cli.shape import run_json
from podium.cli.words import status_label

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.clock import Millis
    from podium.ids import RunId
    from podium.observe.view import RunView

Json = Any


class Report(NamedTuple):
    """What is known of a run once we have let go of it.

    Attributes:
        deeds: What a shadow or dry run would have done, None for a live run.
        interrupted: Whether the person stopped us before it ended.
        files: Where files were written.
        evidence: What verifying the run's ledger found.
        intact: Whether the evidence holds.
    """

    overview: Overview
    deeds: Deeds | None
    interrupted: bool
    files: tuple[str, ...]
    evidence: str
    intact: bool
    now: Millis

    @property
    def exit_code(self) -> int:
        """What the command leaves with; evidence that does not hold is a failure whatever the run gave."""
        if not self.intact:
            return exits.FAILED
        return exits.CANCELLED if self.interrupted else exits.for_status(self.overview.status)


async def make_report(installation: Installation, run: RunId, *, interrupted: bool) -> Report:
    """Read what the end needs to show, and verify the run's evidence."""
    overview = await read_overview(installation.store, run)
    evidence, intact = await _verify(installation, run)
    live = overview.view.mode == "live"
    return Report(
        overview=overview,
        deeds=None if live else await read_deeds(installation.store, run),
        interrupted=interrupted and not overview.view.ended,
        files=await _written_files(installation, overview.view),
        evidence=evidence,
        intact=intact,
        now=installation.clock.now(),
    )


async def _verify(installation: Installation, run: RunId) -> tuple[str, bool]:
    from podium.ledger.verify import verify

    found = await verify(installation.store, run)
    if found.problems:
        return f"ledger: BROKEN: {found.problems[0]}", False
    return f"ledger: intact ({found.records} records)", True


async def _written_files(installation: Installation, view: RunView) -> tuple[str, ...]:
    """Return the paths that writing tools say they wrote, below the root of their grant, and that were not undone."""
    if not view.writes:
        return ()
    tools = (await installation.workflow(view.version)).workflow.tools
    undone = tuple(node.path for node in view.nodes if node.path.endswith(".compensate") and node.status == "done")
    files: list[str] = []
    for write in view.writes:
        if write.path in undone or f"{write.path}.compensate" in undone:
            continue
        grant = tools.get(write.effect.split(".")[1])
        path = _path_in(await read_json(installation.store, view.run, write.reply))
        if path and grant:
            files.append(str(Path(str(grant.settings.get("root", "."))) / path))
    return tuple(dict.fromkeys(files))


def _path_in(reply: Json) -> str:
    """Return the `path` that a tool's reply names, "" when it names none."""
    value: object = cast("dict[str, Json]", reply).get("value") if isinstance(reply, dict) else None
    path: object = cast("dict[str, Json]", value).get("path") if isinstance(value, dict) else None
    return path if isinstance(path, str) else ""


def print_report(report: Report, form: Format) -> None:
    """Print it: for people, or as one JSON line or YAML document on stdout."""
    if form is not Format.table:
        _print_value(report, form)
        return
    say("")
    err().print(node_table(report.overview.view.nodes, report.now))
    say("")
    if report.deeds is not None:
        err().print(deeds_page(report.deeds))
        say("")
    if report.overview.result is not None:
        put(shown(report.overview.result))
        say("")
    for line in _closing_lines(report):
        say(line)


def _print_value(report: Report, form: Format) -> None:
    value = run_json(report.overview, report.now)
    value |= {"files": list(report.files), "ledger": report.evidence.removeprefix("ledger: ")}
    if report.deeds is not None:
        value |= {"effects": deeds_json(report.deeds), "unknown": list(report.deeds.unknown)}
    if form is Format.json:
        emit_line(value)
    else:
        emit(value, form, lambda: "")


def _closing_lines(report: Report) -> list[str]:
    overview = report.overview
    lines = [f"file: {path}" for path in report.files]
    lines += [told_text(told) for told in overview.told]
    lines.append(f"run {overview.view.run}: {status_label(overview.status)}")
    lines += standing_lines(overview.view)
    if overview.fault:
        lines.append(fault_text(overview.fault))
    lines += [f"  waits: {wait_text(ask)}" for ask in overview.asks]
    lines.append(report.evidence)
    return [*lines, *_next_steps(overview)]


def _next_steps(overview: Overview) -> list[str]:
    run = overview.view.run
    steps = [step for ask in overview.asks for step in how_to_answer(ask, run)]
    if not overview.view.ended:
        steps.append(f"podium runs resume {run}")
    elif overview.status in {"failed", "limit"}:
        steps.append(f"podium runs retry {run}")
    if overview.view.ended:
        effects = [] if overview.view.mode == "live" else [f"podium runs effects {run}"]
        steps += [*effects, f"podium runs show {run}", f"podium ledger show {run}"]
    return ["next:", *(f"  {step}" for step in steps)]
