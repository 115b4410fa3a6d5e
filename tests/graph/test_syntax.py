from __future__ import annotations

import pytest

from podium.graph.problem import Problem
from podium.graph.syntax import MAX_LENGTH, Call, Const, Each, Ident, ListOf, MapOf, Select, UInt, parse

X, L = Ident(0, "x"), Ident(0, "l")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x", X),
        ("x.out", Select(1, X, "out")),
        ("has(x.out)", Select(3, Ident(4, "x"), "out", test=True)),
        ("x['in']", Call(1, "_[_]", (X, Const(2, "in")))),
        ("x.size()", Call(6, "size", (X,), method=True)),
        ("!x", Call(0, "!_", (Ident(1, "x"),))),
        ("[1, -2, 2.5, true, null]", ListOf(0, tuple(map(Const, (1, 4, 8, 13, 19), (1, -2, 2.5, True, None))))),
        ("{'a': 3u}", MapOf(0, ((Const(1, "a"), Const(6, UInt(3))),))),
        ("b'\\xff'", Const(0, b"\xff")),
        ("l.map(t, t)", Each(5, "map", L, "t", None, Ident(9, "t"))),
        ("l.map(t, t.a, t)", Each(5, "map", L, "t", Select(10, Ident(9, "t"), "a"), Ident(14, "t"))),
        ("l.filter(t, t)", Each(8, "map", L, "t", Ident(12, "t"), Ident(9, "t"))),
        ("l.all(t, t)", Each(5, "all", L, "t", Ident(9, "t"), None)),
        ("l.exists(t, t)", Each(8, "exists", L, "t", Ident(12, "t"), None)),
        ("l.exists_one(t, t)", Each(12, "exists_one", L, "t", Ident(16, "t"), None)),
    ],
)
def test_a_text_becomes_a_tree_with_the_place_of_every_part(text: str, tree: object) -> None:
    assert parse(text) == tree


def test_places_count_characters_whatever_their_width() -> None:
    tree = parse("'äß😀' + x")

    assert tree == Call(6, "_+_", (Const(0, "äß😀"), Ident(8, "x")))


@pytest.mark.parametrize(
    ("text", "marked", "message", "help_"),
    [
        ("x.in == 1", "in", "`.in` cannot be written with a dot", "write `['in']`"),
        ("a and b", "and", "unexpected `and`", "write `&&`"),
        ("not a", "a", "unexpected `a` after `not`", "write `!a`"),
        ("a = 1", "=", "`=` is no operator", "compare with `==`"),
        ("a +", "+", "the expression ends too early", "an operand or a closing bracket is missing"),
        ("(a", "a", "the expression ends too early", "an operand or a closing bracket is missing"),
        ("'abc", "'", "the text is not closed", "add the missing `'`"),
        ("${a.out}", "$", "`${…}` cannot stand here", "this is an expression already: write it without `${` and `}`"),
        ("has(a)", "a", "`has()` asks for a field", "write `has(node.out)` or `has(node.out.field)`"),
        ("loop.out", "loop", "`loop` is a reserved word", "it cannot be used as a name"),
        ("l.map(1, 2)", "1", "expected the name of a variable", "write `list.map(item, item.field)`"),
        ("a b", "b", "unexpected `b`", ""),
        ("a.?b", "a", "this syntax is not available", "test with `has(…)` first"),
        (
            "9223372036854775808",
            "9223372036854775808",
            "invalid int literal",
            "whole numbers reach from -9223372036854775808 to 9223372036854775807",
        ),
    ],
)
def test_what_does_not_parse_is_told_in_our_words(text: str, marked: str, message: str, help_: str) -> None:
    problem = parse(text)

    assert isinstance(problem, Problem)
    shown = text[problem.offset : problem.offset + problem.length]
    assert (problem.code, shown, problem.message, problem.help) == ("EX002", marked, message, help_)


@pytest.mark.parametrize(
    "text",
    ["+".join("a" * 2000), "(" * 100 + "a" + ")" * 100, "[" * 200 + "]" * 200, "a" + ".b" * 2000, "a" + "[0]" * 300],
)
def test_nesting_is_bounded(text: str) -> None:
    problem = parse(text)

    assert isinstance(problem, Problem)
    assert (problem.code, problem.message) == ("EX007", "the expression is nested too deeply")


def test_length_is_bounded() -> None:
    problem = parse("a" * (MAX_LENGTH + 1))

    assert isinstance(problem, Problem)
    assert problem.code == "EX007"


def test_a_long_row_of_conditions_is_no_nesting() -> None:
    assert not isinstance(parse(" && ".join(["a"] * 1500)), Problem)
