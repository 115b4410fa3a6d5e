"""Every rule is run on the examples of its own page, and its page comes from its docstring."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from textwrap import dedent

import pytest

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.lint.lint import all_rules, lint
from podium.lint.rule import Rule
from podium.spec.diagnostic import Diagnostic
from podium.spec.load import load
from podium.spec.render import render

DOCS = Path(__file__).parents[2] / "docs" / "errors"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
NODE_TYPES = shipped_nodes().configs()
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def linted(text: str) -> tuple[Diagnostic, ...]:
    loaded = load(dedent(text), file="w.yaml", node_types=NODE_TYPES)
    assert loaded.workflow is not None, render(loaded.diagnostics, texts={"w.yaml": loaded.text})
    compiled, found = compile_workflow(loaded.workflow, file="w.yaml", positions=loaded.positions)
    assert compiled is not None, render(found, texts={"w.yaml": loaded.text})
    return lint(compiled, loaded.positions, "w.yaml")


def told(text: str) -> str:
    return render(linted(text), texts={"w.yaml": dedent(text)})


def codes(text: str) -> list[str]:
    return [found.code for found in linted(text)]


def page(rule: Rule) -> str:
    doc = inspect.cleandoc(type(rule).__doc__ or "")
    first, _, rest = doc.partition("\n")
    rest = re.sub(r"^Why is this bad\? ", "**Why is this bad?** ", rest.strip(), flags=re.MULTILINE)
    rest = re.sub(r"^(Wrong|Right):", r"**\1:**", rest, flags=re.MULTILINE)
    for verdict in (rule.code, "ok"):  # executed by the first test below
        rest = rest.replace("```yaml\n", f'```yaml lint="{verdict}"\n', 1)
    about = f"Lint rule `{rule.name}`, {rule.severity}."
    return f"# {rule.code}: {first[:1].lower()}{first[1:].rstrip('.')}\n\n{about}\n\n{rest}\n"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rule_finds_what_its_page_calls_wrong_and_nothing_in_what_it_calls_right(rule: Rule) -> None:
    wrong, right = BLOCK.findall(inspect.cleandoc(type(rule).__doc__ or ""))

    assert codes(wrong) == [rule.code]
    assert codes(right) == []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_the_page_of_a_rule_is_its_docstring(rule: Rule) -> None:
    path = DOCS / f"{rule.code}.md"
    if os.environ.get("PODIUM_GOLDEN") == "write":
        path.write_text(page(rule), encoding="utf-8")

    assert path.read_text(encoding="utf-8") == page(rule), "run `make golden` and read the diff"


def test_rules_have_codes_and_names_of_their_own() -> None:
    rules = all_rules()

    assert len(rules) >= 8
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)
    assert all(re.fullmatch(r"LI\d{3}", rule.code) for rule in rules)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_no_lint(path: Path) -> None:
    assert told(path.read_text(encoding="utf-8")) == ""


FILES = "files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}"


def notice(nodes: str, *, tools: str = FILES) -> str:
    head = f"podium: 1\nname: notice\ninputs:\n  notes: {{type: [text]}}\ntools:\n  {tools}\nnodes:\n"
    return head + "".join(f"  {line}\n" for line in dedent(nodes).strip().splitlines())


def test_an_approval_counts_through_what_stands_between() -> None:
    text = notice("""
        ask: {human: Post these?, show: inputs.notes}
        text: {transform: "${ask.out}"}
        post: {tool: files.write, with: {path: a.md, text: "${text.out}"}}
        """)

    assert codes(text) == []


def test_an_approval_before_a_map_counts_for_the_nodes_inside() -> None:
    text = notice("""
        ask: {human: Post these?, show: inputs.notes}
        each:
          map: ask.out
          do:
            post: {tool: files.write, with: {path: a.md, text: "${item}"}}
        """)

    assert codes(text) == []


def test_what_runs_after_a_no_was_not_approved() -> None:
    text = notice("""
        ask: {human: Post these?, show: inputs.notes, on_rejected: log}
        log: {tool: files.write, with: {path: log.md, text: refused}}
        """)

    assert codes(text) == ["LI004"]


def test_what_stands_beside_an_approval_was_not_approved() -> None:
    text = notice("""
        ask: {human: Post these?, show: inputs.notes}
        post: {tool: files.write, with: {path: a.md, text: "${inputs.notes}"}}
        """)

    assert codes(text) == ["LI004"]


def test_a_join_that_needs_only_one_branch_needs_an_approval_in_each() -> None:
    text = notice("""
        ask: {human: Post these?, show: inputs.notes}
        draft: {transform: "${inputs.notes}"}
        either: {join: [ask, draft], wait: any, reduce: first}
        post: {tool: files.write, with: {path: a.md, text: "${either.out}"}}
        """)

    assert codes(text) == ["LI004"]


def test_a_function_that_only_reads_needs_no_approval_though_its_tool_writes() -> None:
    tools = FILES.removesuffix("}") + ", functions: {exists: {effect: read}}}"

    assert codes(notice("look: {tool: files.exists, with: {path: a, of: '${inputs.notes}'}}", tools=tools)) == []
    assert codes(notice("look: {tool: files.write, with: {path: a, of: '${inputs.notes}'}}", tools=tools)) == ["LI004"]


def test_reading_all_inputs_uses_each() -> None:
    text = """
        podium: 1
        name: all
        inputs: {a: {type: text}, b: {type: text}}
        nodes: {all: {transform: "${inputs}"}}
        """

    assert codes(text) == []


def test_a_secret_is_named_and_not_shown() -> None:
    text = """\
        podium: 1
        name: orders
        tools:
          erp: {mcp: [erp, "--key=sk-abcdefghijklmnopqrstuvwx"], effect: read, delivery: repeatable}
        nodes:
          open: {tool: erp.orders, with: {password: correct-horse, page: 1}}
        """

    shown = told(text)

    assert "sk-abcdefgh" not in shown
    assert "correct-horse" not in shown
    assert shown == dedent("""\
        w.yaml:4:20: LI006: warning: this text looks like a secret
           4 | (not shown)
             | ^^^^^^^^^^^ refer to it as `${secrets.name}`, and change it
        w.yaml:6:45: LI006: warning: this text looks like a secret
           6 | (not shown)
             | ^^^^^^^^^^^ refer to it as `${secrets.name}`, and change it
        """)


def test_of_two_exclusive_branches_one_is_always_missing() -> None:
    text = """
        podium: 1
        name: either
        inputs: {sum: {type: integer, default: 3}}
        nodes:
          size: {switch: [{when: inputs.sum > 100, then: large}], else: small}
          large: {transform: large}
          small: {transform: small}
          told: {transform: "${large.out} ${small.out}"}
        """

    assert codes(text) == ["LI008", "LI008"]


def test_what_shares_the_fate_of_a_node_may_read_it() -> None:
    text = """
        podium: 1
        name: together
        inputs: {sum: {type: integer, default: 3}}
        nodes:
          size: {switch: [{when: inputs.sum > 100, then: large}]}
          large: {transform: large}
          loud: {transform: "${large.out}!"}
          both: {transform: "${large.out} ${loud.out}"}
          only: {transform: x, when: inputs.sum > 5}
          next: {transform: "${only.out}"}
          merged: {join: [large, only]}
        """

    assert codes(text) == []


def test_what_another_node_handled_has_no_result_at_the_end() -> None:
    text = """
        podium: 1
        name: handled
        nodes:
          risky: {llm: Try it., on_error: sorry}
          sorry: {transform: "Sorry: ${risky.error.message}"}
        result: risky.out
        """

    assert codes(text) == ["LI008"]


def test_a_branch_of_every_case_gives_a_join_that_may_be_read() -> None:
    text = """
        podium: 1
        name: covered
        inputs: {sum: {type: integer, default: 3}}
        nodes:
          size: {switch: [{when: inputs.sum > 100, then: large}], else: small}
          large: {transform: large}
          small: {transform: small}
          either: {join: [large, small], reduce: first}
          title: {transform: Sums}
          told: {transform: "${title.out} ${either.out}"}
        result: told.out
        """

    assert codes(text) == []


def test_a_join_that_a_case_without_a_branch_skips_may_not_be_read() -> None:
    text = """
        podium: 1
        name: uncovered
        inputs: {sum: {type: integer, default: 3}}
        nodes:
          size: {switch: [{when: inputs.sum > 100, then: large}]}
          large: {transform: large}
          either: {join: [large], reduce: first}
          title: {transform: Sums}
          told: {transform: "${title.out} ${either.out}"}
        """

    assert codes(text) == ["LI008"]


def test_what_a_map_reads_of_the_nodes_around_it_may_be_missing_too() -> None:
    text = """
        podium: 1
        name: inside
        inputs: {words: {type: [text]}, loud: {type: boolean}}
        nodes:
          tone: {transform: "!", when: inputs.loud}
          all: {map: inputs.words, do: {one: {transform: "${item}${tone.out}"}}, after: [start]}
          start: {transform: x}
        """

    assert codes(text) == ["LI008"]


def test_a_node_that_waits_for_the_yes_and_handles_the_no_never_runs() -> None:
    text = """
        podium: 1
        name: both
        nodes:
          ask: {human: Shall we?, on_rejected: log}
          draft: {transform: "${ask.out}"}
          log: {transform: x, after: [draft]}
          end_of_it: {transform: y, after: [log]}
        """

    assert codes(text) == ["LI009"]


def test_silence_that_means_yes_is_no_approval() -> None:
    ask = "ask: {human: Post these?, show: inputs.notes, on_expiry: approve}"
    post = 'post: {tool: files.write, with: {path: a.md, text: "${ask.out}"}}'

    assert codes(notice(f"{ask}\n{post}")) == ["LI004"]


def test_a_fallback_that_writes_needs_an_approval_and_a_compensation_does_not() -> None:
    text = notice("""
        read: {llm: "${inputs.notes}", fallback: [{tool: files.write, with: {path: a.md, text: x}}]}
        made: {llm: Make it., compensate: {tool: files.remove, with: {path: a.md}}}
        """)

    assert codes(text) == ["LI004"]


def test_a_sub_workflow_is_approved_only_when_everybody_who_runs_it_is() -> None:
    flow = """
        podium: 1
        name: outer
        flows:
          post:
            podium: 1
            name: post
            tools: {files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}}
            nodes: {write: {tool: files.write, with: {path: a.md, text: x}}}
        nodes:
          ask: {human: Post this?}
          asked: {subflow: post, after: [ask]}
        """
    unasked = flow.rstrip() + "\n          unasked: {subflow: post}\n"

    assert (codes(flow), codes(unasked)) == ([], ["LI004"])


def test_locks_in_two_orders_may_wait_for_each_other() -> None:
    text = """
        podium: 1
        name: orders
        nodes:
          one: {scope: {a: {transform: x, lock: door}}, lock: desk}
          two: {scope: {b: {transform: x, lock: desk}}, lock: door}
        """

    assert codes(text) == ["LI024", "LI024"]


def test_a_wait_within_a_bound_or_beside_one_that_withdraws_it_has_an_end() -> None:
    text = """
        podium: 1
        name: bounded
        nodes:
          inside: {scope: {paid: {wait: {signal: paid}}}, timeout: 1d}
          came: {wait: {signal: came}}
          patience: {wait: 2d, cancels: [came]}
        """

    assert codes(text) == []


def test_of_nodes_that_withdraw_each_other_one_is_left() -> None:
    text = """
        podium: 1
        name: first-come
        nodes:
          agent: {wait: {signal: agent, expires: 7d}, cancels: [expired]}
          expired: {wait: 7d, cancels: [agent]}
          talk: {transform: talk, after: [agent]}
          escalate: {transform: escalate, after: [expired]}
          way: {join: [talk, escalate], reduce: first}
        result: way.out
        """

    assert codes(text) == []


def test_a_case_that_always_holds_leaves_nothing_open() -> None:
    text = """
        podium: 1
        name: certain
        inputs: {risky: {type: boolean, default: true}}
        nodes:
          what: {switch: [{when: "true", then: plan}, {when: inputs.risky, then: review}], matches: all}
          plan: {transform: plan}
          review: {transform: review}
          go: {join: [plan, review], reduce: list}
        result: go.out
        """
    uncertain = text.replace('"true"', "inputs.risky")

    assert (codes(text), codes(uncertain)) == ([], ["LI008"])
