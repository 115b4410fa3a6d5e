"""`podium`: the command line. Every command is a file beside this one; here they get their names.

Nothing heavy is imported before a command needs it, so `podium --help` is quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from podium.cli import (
    approve,
    diff,
    doctor,
    fmt,
    forecast,
    graph,
    lint,
    new,
    redact,
    reject,
    run,
    schema,
    send_signal,
    version,
    worker,
)
from podium.cli.autonomy import change as autonomy_change
from podium.cli.autonomy import show as autonomy_show
from podium.cli.budget import burn as budget_burn
from podium.cli.budget import list as budget_list
from podium.cli.budget import show as budget_show
from podium.cli.dead import drop as dead_drop
from podium.cli.dead import list as dead_list
from podium.cli.dead import retry as dead_retry
from podium.cli.grants import list as grants_list
from podium.cli.grants import revoke as grants_revoke
from podium.cli.group import Edge
from podium.cli.inbox import answer as inbox_answer
from podium.cli.inbox import list as inbox_list
from podium.cli.inbox import show as inbox_show
from podium.cli.ledger import show as ledger_show
from podium.cli.ledger import verify as ledger_verify
from podium.cli.models import check as models_check
from podium.cli.models import fetch as models_fetch
from podium.cli.models import list as models_list
from podium.cli.policy import backtest as policy_backtest
from podium.cli.policy import explain as policy_explain
from podium.cli.policy import lint as policy_lint
from podium.cli.policy import show as policy_show
from podium.cli.policy import test as policy_test
from podium.cli.policy import who_can as policy_who_can
from podium.cli.runs import (
    cancel,
    census,
    effects,
    fork,
    kill,
    override,
    pause,
    priority,
    rerun,
    resume,
    retry,
    revise,
    show,
    versions,
    watch,
)
from podium.cli.runs import list as runs_list
from podium.cli.stop import lift as stop_lift
from podium.cli.stop import list as stop_list
from podium.cli.stop import on as stop_on

_HELP = {"help_option_names": ["-h", "--help"]}


def _group(about: str, cls: type[Edge] | None = None) -> typer.Typer:
    return typer.Typer(
        cls=cls,
        help=about,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_HELP,
        add_completion=cls is not None,
    )


_ABOUT = """Run AI workflows under governance.

Every effect is allowed, recorded and provable.
"""

app = _group(_ABOUT, Edge)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of unexpected errors.")] = False,
) -> None:
    """Run AI workflows under governance.

    Every effect is allowed, recorded and provable.
    """
    # `Edge` reads the parameter; here it only gets its help


app.command("run")(run.run)
app.command("approve")(approve.approve)
app.command("reject")(reject.reject)
app.command("signal")(send_signal.send_signal)
app.command("lint")(lint.lint)
app.command("forecast")(forecast.forecast)
app.command("diff")(diff.diff)
app.command("fmt")(fmt.fmt)
app.command("schema")(schema.schema)
app.command("graph")(graph.graph)
app.command("new")(new.new)
app.command("redact")(redact.redact)
app.command("worker")(worker.worker)
app.command("doctor")(doctor.doctor)
app.command("version")(version.version)

inbox = _group("See and answer what waits for you.")
inbox.info.no_args_is_help = False  # alone it lists
inbox.callback(invoke_without_command=True)(inbox_list.inbox)
inbox.command("show")(inbox_show.show)
inbox.command("approve")(inbox_answer.approve)
inbox.command("reject")(inbox_answer.reject)
app.add_typer(inbox, name="inbox")

grants = _group("See and take back standing approvals.")
grants.command("list")(grants_list.list_grants)
grants.command("revoke")(grants_revoke.revoke)
app.add_typer(grants, name="grants")

runs = _group("List, inspect and steer runs.")
runs.command("list")(runs_list.list_runs)
runs.command("show")(show.show)
runs.command("effects")(effects.effects)
runs.command("watch")(watch.watch)
runs.command("pause")(pause.pause)
runs.command("resume")(resume.resume)
runs.command("cancel")(cancel.cancel)
runs.command("kill")(kill.kill)
runs.command("priority")(priority.priority)
runs.command("override")(override.override)
runs.command("retry")(retry.retry)
runs.command("rerun")(rerun.rerun)
runs.command("revise")(revise.revise)
runs.command("fork")(fork.fork)
runs.command("census")(census.census)
runs.command("versions")(versions.versions)
app.add_typer(runs, name="runs")

budget = _group("See what budgets leave, and who uses them.")
budget.command("list")(budget_list.list_budgets)
budget.command("show")(budget_show.show)
budget.command("burn")(budget_burn.burn)
app.add_typer(budget, name="budget")

autonomy = _group("See and change how far workflows may go.")
autonomy.command("show")(autonomy_show.show)
autonomy.command("raise")(autonomy_change.raise_)
autonomy.command("lower")(autonomy_change.lower)
app.add_typer(autonomy, name="autonomy")

dead = _group("See, retry or drop what gave up.")
dead.command("list")(dead_list.list_dead)
dead.command("retry")(dead_retry.retry)
dead.command("drop")(dead_drop.drop)
app.add_typer(dead, name="dead")

stop = _group("Stop what acts, at once, and let it go on.")
stop.command("run")(stop_on.run)
stop.command("workflow")(stop_on.named("workflow", "a workflow, in all runs."))
stop.command("agent")(stop_on.named("agent", "an agent or one version, in all runs."))
stop.command("tool")(stop_on.named("tool", "a tool or function, in all runs."))
stop.command("model")(stop_on.named("model", "a model in all runs."))
stop.command("tenant")(stop_on.named("tenant", "all runs of a tenant."))
stop.command("everything")(stop_on.everything)
stop.command("list")(stop_list.list_stopped)
stop.command("lift")(stop_lift.lift)
app.add_typer(stop, name="stop")

models = _group("See which models there are, and fetch one.")
models.command("list")(models_list.list_models)
models.command("fetch")(models_fetch.fetch)
models.command("check")(models_check.check)
app.add_typer(models, name="models")

policy = _group("Check, test and explain who may do what.")
policy.command("lint")(policy_lint.lint)
policy.command("test")(policy_test.run_tests)
policy.command("show")(policy_show.show)
policy.command("explain")(policy_explain.explain)
policy.command("who-can")(policy_who_can.who_can)
policy.command("backtest")(policy_backtest.backtest)
app.add_typer(policy, name="policy")

ledger = _group("Read and verify the evidence.")
ledger.command("verify")(ledger_verify.verify)
ledger.command("show")(ledger_show.show)
app.add_typer(ledger, name="ledger")


def main() -> None:
    """Run the command line and leave with its exit code."""
    app(prog_name="podium")


if __name__ == "__main__":
    main()
