"""What pydantic finds wrong as diagnostics: one per problem, at the key or value that must change.

pydantic's places name branches of unions and fields that are not written; what is not in the file is cut off them. A
value that fits no branch of a union gives one diagnostic that names all the branches. Where another key was evidently
meant to be the missing one, that key is told, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from pydantic_core import ErrorDetails

from podium.spec.diagnostic import Diagnostic, Loc, Place
from podium.spec.model import NodeConfig, NodeTypes, Workflow, keys_of
from podium.spec.positions import Positions
from podium.spec.shape import MISSING, Key, child, keys_at, known_keys
from podium.spec.suggest import closest, did_you_mean
from podium.spec.wording import Words, name_words, short, value_words

Json = Any
_COMMON = keys_of(NodeConfig)


def diagnostics(
    errors: Iterable[ErrorDetails],
    root: Json,
    *,
    file: str,
    positions: Positions,
    node_types: NodeTypes,
    top: object = Workflow,
) -> list[Diagnostic]:
    """Return what pydantic found in `root`, in our words and without repetitions; `top` is the type of the file."""
    by_loc: dict[Loc, list[ErrorDetails]] = {}
    for error in errors:
        by_loc.setdefault(_written_loc(error, root), []).append(error)
    teller = _Teller(root, file, positions, node_types, top)
    kept = _without_branches(by_loc)
    return list(dict.fromkeys(teller.tell(loc, group) for loc, group in kept.items()))


def _written_loc(error: ErrorDetails, root: Json) -> Loc:
    """Return the keys of an error that stand in the file, and for a missing key, that key."""
    found: list[str | int] = []
    here: Json = root
    for part in error["loc"]:
        below = child(here, part)
        if below is not MISSING:
            found.append(part)
            here = below
    if error["type"] == "missing":
        found.append(error["loc"][-1])
    return tuple(found)


def _without_branches(by_loc: Mapping[Loc, list[ErrorDetails]]) -> dict[Loc, list[ErrorDetails]]:
    """Leave out what a union says of a value as a whole when one of its branches says more exactly what is wrong."""
    above = {loc[:length] for loc in by_loc for length in range(len(loc))}
    return {
        loc: group
        for loc, group in by_loc.items()
        if loc not in above or not all(_of_branch(error, loc) for error in group)
    }


def _of_branch(error: ErrorDetails, loc: Loc) -> bool:
    if error["type"] == "too_short":
        return True  # only because what is wrong in the list was not counted
    return len(error["loc"]) > len(loc) and error["loc"][-1] != "[key]"


class _Teller(NamedTuple):
    root: Json
    file: str
    positions: Positions
    node_types: NodeTypes
    top: object

    def tell(self, loc: Loc, group: Sequence[ErrorDetails]) -> Diagnostic:
        """Return the diagnostic for all that is wrong at one place."""
        first = group[0]
        kind, context = first["type"], first.get("ctx", {})
        match kind:
            case "missing":
                return self._missing(loc)
            case "extra_forbidden":
                return self._at_key(loc, self._unknown_key(loc))
            case "node_type_missing":
                return self._untyped(loc, cast("dict[str, Json]", first["input"]))
            case "node_type_twice":
                found = cast("list[str]", context["found"])
                names = " and ".join(f"`{key}`" for key in found)
                return self._at_key(
                    (*loc, found[1]),
                    Words("SP018", f"node `{loc[-1]}` has more than one type: {names}", "make a node of each"),
                )
            case "reserved":
                help_ = f"call it `{context['name']}_`, or any other name"
                words = Words("SP016", f"`{context['name']}` is a word of the expression language", help_)
                return self._at_key(loc, words) if _is_key(first) else self._at_value(loc, words)
            case "string_pattern_mismatch":
                words = name_words(str(first["input"]), str(context["pattern"]))
                return self._at_key(loc, words) if _is_key(first) else self._at_value(loc, words)
            case "template":
                return self._inside(loc, context, Words("SP020", first["msg"], "write `$${` for a literal `${`"))
            case "tool_settings":
                return self._at_key((*loc, context["key"]), Words("SP010", first["msg"]))
            case "tool_source":
                return self._at_key(loc, Words("SP021", f"tool `{loc[-1]}`: {first['msg']}"))
            case "twin":
                words = Words("SP014", str(first["msg"]), did_you_mean(str(context["got"]), context["tools"]))
                return self._at_value((*loc, *context["loc"]), words)
            case "node_form":
                return self._at_value(loc, Words("SP012", str(first["msg"]), f"type keys are {self._types()}"))
            case _:
                words = value_words(group)
                keys = ""
                if "a mapping" in words.message:
                    keys = known_keys(keys_at(loc, self.root, self.node_types, top=self.top))
                words = words._replace(help=words.help or (keys and f"its keys are {keys}"))
                return self._at_value((*loc, *context.get("loc", ())), words)

    def _types(self) -> str:
        return ", ".join(f"`{name}`" for name in sorted(self.node_types))

    def _at_key(self, loc: Loc, words: Words) -> Diagnostic:
        return self._diagnostic(loc, words, self.positions.key(loc))

    def _at_value(self, loc: Loc, words: Words) -> Diagnostic:
        return self._diagnostic(loc, words, self.positions.value(loc))

    def _inside(self, loc: Loc, context: Mapping[str, Json], words: Words) -> Diagnostic:
        return self._diagnostic(loc, words, self.positions.inside(loc, context["offset"], context["length"]))

    def _diagnostic(self, loc: Loc, words: Words, place: Place) -> Diagnostic:
        return Diagnostic(code=words.code, message=words.message, help=words.help, file=self.file, place=place, loc=loc)

    def _missing(self, loc: Loc) -> Diagnostic:
        name = str(loc[-1])
        keys = keys_at(loc[:-1], self.root, self.node_types, top=self.top)
        written = _mapping_at(self.root, loc[:-1])
        meant = next((key for key in written if key not in keys and closest(key, keys) == name), None)
        if meant is not None:
            return self._at_key((*loc[:-1], meant), self._unknown_key((*loc[:-1], meant)))
        key = keys.get(name, Key("", ()))
        choices = f" ({', '.join(f'`{choice}`' for choice in key.choices)})" if key.choices else ""
        help_ = f"{key.about.rstrip('.')}{choices}" if key.about else ""
        where = f" in `{loc[-2]}`" if len(loc) > 1 and isinstance(loc[-2], str) else ""
        return self._at_key(loc[:-1], Words("SP011", f"key `{name}` is missing{where}", help_[:1].lower() + help_[1:]))

    def _unknown_key(self, loc: Loc) -> Words:
        keys = keys_at(loc[:-1], self.root, self.node_types, top=self.top)
        free = keys.keys() - _mapping_at(self.root, loc[:-1]).keys()
        help_ = did_you_mean(str(loc[-1]), free)
        if not help_ and child(_mapping_at(self.root, loc[:-1]), loc[-1]) is None:
            help_ = "quote the text before it if it belongs to that"
        known = known_keys(keys)
        return Words(
            "SP010", f"key `{short(loc[-1])}` is not known here", help_ or (f"known are {known}" if known else "")
        )

    def _untyped(self, loc: Loc, node: Mapping[str, Json]) -> Diagnostic:
        odd = [key for key in node if key not in _COMMON]
        meant = next((key for key in odd if closest(key, self.node_types)), odd[0] if odd else None)
        if meant is None:
            return self._at_key(loc, Words("SP017", f"node `{loc[-1]}` has no type", f"give it one of {self._types()}"))
        help_ = did_you_mean(meant, self.node_types) or f"known are {self._types()}"
        return self._at_key((*loc, meant), Words("SP017", f"`{short(meant)}` is not a node type", help_))


def _is_key(error: ErrorDetails) -> bool:
    return error["loc"][-1:] == ("[key]",)


def _mapping_at(root: Json, loc: Loc) -> dict[str, Json]:
    here = root
    for part in loc:
        here = here[part]
    return cast("dict[str, Json]", here) if isinstance(here, dict) else {}
