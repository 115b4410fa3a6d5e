"""Section `[labels]` and `[models]` of `podium.toml`: levels of confidentiality, and who may see what."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.base import SpecModel
from podium.spec.names import Name


class LabelSettings(SpecModel):
    """The levels of confidentiality of this installation."""

    levels: Annotated[tuple[Name, ...], Field(min_length=1, max_length=16)] = (
        "public",
        "internal",
        "confidential",
        "secret",
    )
    """From the most open to the most secret."""

    default: Name = "internal"
    """Of data, and of tools and models, that declare none."""

    @model_validator(mode="after")
    def _known_default(self) -> Self:
        if self.default not in self.levels:
            kind, message = "label_default", "`default` is `{default}`, which is none of `levels`"
            raise PydanticCustomError(kind, message, {"default": self.default})
        return self


class SinkSettings(SpecModel):
    """What a model may see."""

    clearance: str = ""
    """The highest level of what may be sent to it; the default level when nothing is declared."""

    region: str = ""
    """Where it is. Without it a model of this machine is here, and any other elsewhere."""
