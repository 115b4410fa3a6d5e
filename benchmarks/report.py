"""How figures leave: a table for people, JSON lines `{name, value, unit, baseline, ratio}` for comparing releases.

What was promised (architecture §9) stands below the table, kept or missed; nothing fails because of a figure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.machine import OUT, describe
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


@dataclass(frozen=True)
class Promise:
    """A bound of architecture §9.

    Attributes:
        figure: The name of a figure.
        baseline: The last part of the baseline's name, "" for a bound on the value itself.
    """

    figure: str
    baseline: str = ""
    at_least: float | None = None
    at_most: float | None = None

    def verdict(self, figures: Sequence[Figure]) -> str | None:
        """Return one line, None when it was not measured."""
        baseline = self.baseline and f"{self.figure.rpartition('.')[0]}.{self.baseline}"
        for figure in figures:
            if (figure.name, figure.baseline) == (self.figure, baseline):
                value = figure.value if figure.ratio is None else figure.ratio
                kept = (self.at_least is None or value >= self.at_least) and value <= (self.at_most or float("inf"))
                bound = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
                what = f"{self.figure} / {baseline}" if baseline else f"{self.figure} ({figure.unit})"
                return f"{'kept  ' if kept else 'MISSED'}  {what}: {value:.3g}, promised {bound}"
        return None


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


def tell(name: str, figures: Sequence[Figure], promises: Sequence[Promise]) -> None:
    """Print the figures and what became of the promises; write `out/<name>.jsonl`."""
    table = Table(title=f"{name} ({describe()})", title_justify="left")
    for heading in ("figure", "value", "unit", "ratio", "to"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in {"value", "ratio"} else "left")
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        value = f"{figure.value:,.0f}" if figure.value >= 100 else f"{figure.value:.2f}"
        table.add_row(figure.name, value, figure.unit, ratio, figure.baseline)
    console = Console(width=None if Console().is_terminal else 110)
    console.print(table)
    for line in filter(None, (promise.verdict(figures) for promise in promises)):
        console.print(line, highlight=False)
    OUT.mkdir(exist_ok=True)
    OUT.joinpath(f"{name}.jsonl").write_text("".join(json.dumps(asdict(figure)) + "\n" for figure in figures))
