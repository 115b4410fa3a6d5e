"""What is found before a run, each with the characters that are wrong and the next step."""

from __future__ import annotations

import pytest

from podium.graph.expression import Checked, check
from podium.graph.shape import ANY, BOOLEAN, INTEGER, NUMBER, TEXT, node_type
from podium.spec.types import Type, parse_type

THEMES = parse_type({"themes": [{"title": "text", "commits": ["integer"], "score": "number", "note?": "text"}]})
SCOPE = {
    "themes": node_type(THEMES),
    "write": node_type(TEXT),
    "free": node_type(ANY),
    "inputs": parse_type({"repo": "text", "commits": "integer", "ratio": "number", "tags": ["text"]}),
    "theme": parse_type({"title": "text"}),
    "headers": parse_type({"type": "object", "properties": {"content-type": {"type": "string"}}}),
}


def problems(text: str, want: Type | None = None) -> list[tuple[str, str, str, str]]:
    checked = check(text, SCOPE, want=want)
    assert isinstance(checked, list), f"{text} was accepted"
    return [(p.code, text[p.offset : p.offset + p.length], p.message, p.help) for p in checked]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("theems.out", ("EX003", "theems", "`theems` is not defined", "did you mean `themes`?")),
        ("True", ("EX003", "True", "`True` is not defined", "did you mean `true`?")),
        ("size(writ.out) < 9", ("EX003", "writ", "`writ` is not defined", "did you mean `write`?")),
        ("themes", ("EX005", "themes", "`themes` is a node, not a value", "write `themes.out`")),
        (
            "themes.themes",
            (
                "EX004",
                "themes",
                "the node `themes` has no `themes`, only `out` and `error`",
                "did you mean `themes.out.themes`?",
            ),
        ),
        (
            "write.result",
            (
                "EX004",
                "result",
                "the node `write` has no `result`, only `out` and `error`",
                "did you mean `write.out`?",
            ),
        ),
        ("themes.out.thems", ("EX004", "thems", "there is no field `thems`", "did you mean `themes`?")),
        ("themes.out.themes[0].titel", ("EX004", "titel", "there is no field `titel`", "did you mean `title`?")),
        ("themes.out.themes.map(t, t.titel)", ("EX004", "titel", "there is no field `titel`", "did you mean `title`?")),
        (
            "themes.out.themes.filter(t, t.score > 1).map(t, t.xyz)",
            ("EX004", "xyz", "there is no field `xyz`", "there is `title`, `commits`, `score`, `note`"),
        ),
        (
            "themes.out.themes.title",
            (
                "EX004",
                "title",
                "this is a list, which has no field `title`",
                "go through its items: `list.map(item, item.field)`",
            ),
        ),
        ("write.out.title", ("EX004", "title", "this is text, which has no field `title`", "")),
        ("has(write.out.title)", ("EX004", "title", "this is text, which has no field `title`", "")),
        ("has(inputs.rep)", ("EX004", "rep", "there is no input `rep`", "did you mean `repo`?")),
        ("inputs.repos + 'x'", ("EX004", "repos", "there is no input `repos`", "did you mean `repo`?")),
        (
            "write.out > 3",
            (
                "EX005",
                ">",
                "`>` does not work on text and integer",
                "turn the other into text with `string(…)`, or the text into a number with `int(…)` or `double(…)`",
            ),
        ),
        ("inputs.tags.map(t, t - 'a')", ("EX005", "-", "`-` does not work on text and text", "")),
        ("'a' in inputs.repo", ("EX005", "in", "`in` does not work on text and text", "")),
        (
            "inputs.commits == null",
            ("EX005", "==", "`==` does not work on integer and null", "compare with `null` only what may be null"),
        ),
        ("!inputs.repo", ("EX005", "inputs", "expected true or false, got text", "compare it with something")),
        ("inputs.repo && true", ("EX005", "inputs", "expected true or false, got text", "compare it with something")),
        (
            "inputs.commits ? 1 : 2",
            ("EX005", "inputs", "expected true or false, got an integer", "compare it with something"),
        ),
        ("inputs.tags.all(t, t)", ("EX005", "t", "expected true or false, got text", "compare it with something")),
        ("inputs.repo.map(t, t)", ("EX005", "inputs", "expected a list to go through, got text", "")),
        (
            "inputs.tags['a']",
            (
                "EX004",
                "[",
                "this is a list, which has no field `a`",
                "go through its items: `list.map(item, item.field)`",
            ),
        ),
        ("inputs.tags[-1]", ("EX005", "[", "an index counts from 0", "the last item is `x[size(x) - 1]`")),
        ("inputs.tags[inputs.repo]", ("EX005", "[", "`[…]` does not work on list and text", "")),
        ("size(inputs.commits)", ("EX005", "size", "`size()` does not work on integer", "")),
        ("{1: 2}", ("EX005", "1", "a key must be text, got an integer", "")),
        (
            "timestamp(inputs.repo)",
            ("EX005", "timestamp", "expected a value, got a timestamp", "make it text: `string(…)`"),
        ),
        ("len(write.out)", ("EX006", "len", "there is no function `len`", "did you mean `size`?")),
        (
            "inputs.repo.startWith('a')",
            ("EX006", "startWith", "there is no function `startWith`", "did you mean `startsWith`?"),
        ),
        ("now()", ("EX006", "now", "there is no function `now`", "")),
        (
            "inputs.tags.map(t)",
            ("EX006", "map", "`map` is not written like this", "write `list.map(item, item.field)`"),
        ),
        ("inputs.repo.contains()", ("EX006", "contains", "`contains` cannot be called like this", "")),
        ("Theme{title: 'a'}", ("EX006", "Theme", "there is no type `Theme`", 'write an object: `{"name": value}`')),
        (
            "inputs.tags.map(a, inputs.tags.map(b, inputs.tags.map(c, inputs.tags.map(d, d))))",
            ("EX007", "map", "loops are nested deeper than 3", "use a `map` node for the outer one"),
        ),
        (
            "inputs.repo.matches(1)",
            (
                "EX005",
                "matches",
                "`matches()` does not work on text and integer",
                "turn the other into text with `string(…)`, or the text into a number with `int(…)` or `double(…)`",
            ),
        ),
    ],
)
def test_a_mistake_is_found_before_the_run(text: str, expected: tuple[str, str, str, str]) -> None:
    assert problems(text) == [expected]


def test_all_mistakes_of_an_expression_are_told_at_once() -> None:
    assert [code for code, *_ in problems("nope.out && write.out && inputs.rep == 'a'")] == ["EX003", "EX005", "EX004"]


def test_a_wanted_type_is_checked() -> None:
    assert problems("inputs.repo", BOOLEAN) == [("EX005", "inputs.repo", "expected true or false, got text", "")]
    assert isinstance(check("inputs.commits", SCOPE, want=NUMBER), Checked)
    assert isinstance(check("free.out", SCOPE, want=BOOLEAN), Checked)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("themes.out.themes", THEMES.fields()["themes"]),
        ("themes.out.themes[0].commits[1]", INTEGER),
        ("themes.out['themes'][0]['title']", TEXT),
        ("themes.out.themes.map(t, t.title)", Type.list_of(TEXT)),
        ("themes.out.themes.map(t, t.commits.map(c, c + 1))", Type.list_of(Type.list_of(INTEGER))),
        ("themes.out.themes.filter(t, t.score > 1)[0].title", TEXT),
        ("themes.out.themes.exists(t, t.title == 'a')", BOOLEAN),
        ("has(write.out) ? write.out : 'none'", TEXT),
        ("true ? inputs.commits : inputs.ratio", NUMBER),
        ("inputs.commits + inputs.ratio", NUMBER),
        ("inputs.commits + 1", INTEGER),
        ("{'a': inputs.repo, 'b': [1, 2]}", Type.object_of({"a": TEXT, "b": Type.list_of(INTEGER)})),
        ("headers['content-type']", TEXT),
        ("headers.other", ANY),
        ("write.error.kind", TEXT),
        ("size(write.out)", INTEGER),
        ("free.out.a.b[0]", ANY),
        ("inputs.tags + ['x']", Type.list_of(TEXT)),
        ("type(free.out) == int", BOOLEAN),
    ],
)
def test_the_type_of_the_value_is_known(text: str, type_: Type) -> None:
    checked = check(text, SCOPE)

    assert isinstance(checked, Checked), checked
    assert checked.type == type_


def test_names_and_guards_are_told() -> None:
    checked = check("has(write.out) ? write.out : inputs.tags.map(t, t + theme.title)[0]", SCOPE)

    assert isinstance(checked, Checked)
    assert checked.names == {"write", "inputs", "theme"}
    assert checked.guarded == {"write"}
    assert [(r.name, r.port, r.guarded, r.offset, r.length) for r in checked.references] == [
        ("write", "out", True, 4, 9),
        ("write", "out", False, 17, 9),
        ("inputs", "tags", False, 29, 11),
        ("theme", "title", False, 52, 11),
    ]


def test_a_loop_variable_hides_a_node_of_the_same_name() -> None:
    checked = check("inputs.tags.map(write, write + '!')", SCOPE)

    assert isinstance(checked, Checked)
    assert (checked.names, checked.type) == ({"inputs"}, Type.list_of(TEXT))
