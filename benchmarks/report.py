"""How figures leave: a table for people, JSON lines `{name, value, unit, baseline, ratio}` for comparing releases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value.

    Attributes:
        name: Such as `chain.32.podium`.
        baseline: The name of the figure that it is compared with, or "".
        ratio: `value / baseline`, or None.
    """

    name: str
    value: float
    unit: str
    baseline: str = ""
    ratio: float | None = None


def compared(figures: Sequence[Figure], baselines: Sequence[tuple[str, str]]) -> list[Figure]:
    """Return the figures, and one more for every `(name, baseline)` that both exist, with its ratio."""
    by_name = {figure.name: figure for figure in figures}
    ratios = [
        Figure(
            name=name,
            value=by_name[name].value,
            unit=by_name[name].unit,
            baseline=baseline,
            ratio=round(by_name[name].value / by_name[baseline].value, 3),
        )
        for name, baseline in baselines
        if name in by_name and baseline in by_name
    ]
    return [*figures, *ratios]


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left")
    for heading in ("figure", "value", "unit", "ratio", "to"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in {"value", "ratio"} else "left")
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        value = f"{figure.value:,.0f}" if figure.value >= 100 else f"{figure.value:.2f}"
        table.add_row(figure.name, value, figure.unit, ratio, figure.baseline)
    Console().print(table)


def write(file: Path, figures: Sequence[Figure]) -> None:
    """Write one JSON object a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(asdict(figure)) + "\n" for figure in figures))
