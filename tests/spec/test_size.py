from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from podium.spec.base import SpecModel
from podium.spec.size import Size


class Box(SpecModel):
    """Something that has room."""

    room: Size = Size(1_000)
    """How much."""


def test_a_size_is_read_and_written_with_its_unit() -> None:
    box = Box.model_validate({"room": "64KiB"})

    assert (int(box.room), str(box.room)) == (65_536, "64KiB")
    assert json.loads(box.model_dump_json()) == {"room": "64KiB"}
    assert Box.model_validate({"room": Size(5)}).room == 5


@pytest.mark.parametrize("room", [64, "64", "lots", -1, None, True])
def test_a_size_without_a_unit_is_refused(room: object) -> None:
    with pytest.raises(ValidationError, match="expected a size"):
        Box.model_validate({"room": room})


def test_editors_know_its_form() -> None:
    assert Box.model_json_schema()["properties"]["room"]["pattern"] == "^[0-9]+ *(B|KB|MB|GB|KiB|MiB|GiB)$"
