"""What the installation's settings say about loss of data, put together for the gateway."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any, cast

from podium.adapters.tools.secrets import PREFIX
from podium.effects.loss import DataLoss
from podium.errors import UsageError
from podium.gate.redact.detect import Detector
from podium.gate.redact.filters import ContentFilter, OwnFilter
from podium.gate.redact.finding import GROUPS, KINDS, kinds_of
from podium.gate.redact.patterns import Pattern
from podium.gate.redact.rules import LossRules
from podium.spec.settings.data_loss import DataLossSettings, FilterSettings
from podium.spec.settings.model import Settings

DETECTORS, FILTERS = "podium.detectors", "podium.filters"
"""Groups of entry points by which plug-ins offer theirs: a function without arguments that returns one."""


def data_loss_of(settings: Settings) -> DataLoss:
    """Return what is done against loss of data.

    Raises:
        UsageError: AP070 when a kind, a detector or a pattern is none.
    """
    written = settings.data_loss
    detectors = tuple(_detector(name) for name in written.detectors)
    known = frozenset(KINDS).union(GROUPS, "*", *(detector.kinds for detector in detectors))
    _check_kinds(written, settings.filters, known)
    held = tuple(value for name, value in os.environ.items() if name.startswith(PREFIX))
    return DataLoss(
        rules=LossRules(models=written.models, tools=written.tools, all=written.all),
        detectors=detectors,
        secrets=lambda: held,
        filters={name: _filter(name, one) for name, one in settings.filters.items()},
        always=_always({name: one.on for name, one in settings.filters.items() if one.on}),
    )


def _check_kinds(written: DataLossSettings, filters: Mapping[str, FilterSettings], known: frozenset[str]) -> None:
    tables = [("data_loss", name) for table in (written.models, written.tools, written.all) for name in table]
    tables += [(f"filters.{filter_name}", kind) for filter_name, one in filters.items() for kind in one.kinds]
    for place, name in tables:
        if name not in known:
            step = f"name one of {', '.join(sorted((*GROUPS, *KINDS)))}"
            raise UsageError("AP070", f"podium.toml: `{place}`: nobody can find `{name}`", help=step)


def _filter(name: str, written: FilterSettings) -> ContentFilter:
    if written.uses:
        return cast("ContentFilter", _offered(FILTERS, written.uses))
    try:
        patterns = tuple(Pattern(form) for form in written.patterns)
    except ValueError as error:
        raise UsageError("AP070", f"podium.toml: `filters.{name}.patterns`: {error}") from None
    return OwnFilter(
        terms=written.terms,
        patterns=patterns,
        kinds=kinds_of(written.kinds),
        max_chars=written.max_chars,
        directions=frozenset(written.of),
    )


def _always(wanted: Mapping[str, Sequence[str]]) -> Callable[[str], Sequence[str]]:
    @lru_cache(maxsize=1_024)
    def of(effect: str) -> tuple[str, ...]:
        return tuple(name for name, forms in wanted.items() if any(fnmatchcase(effect, form) for form in forms))

    return of


def _detector(name: str) -> Detector:
    if name == "presidio":
        from podium.adapters.redact.presidio import presidio

        return presidio()
    return cast("Detector", _offered(DETECTORS, name))


def _offered(group: str, name: str) -> Any:  # noqa: ANN401 - whatever a plug-in offers
    found = next(iter(entry_points(group=group, name=name)), None)
    if found is None:
        step = "install the plug-in that offers it, or correct the name"
        raise UsageError("AP070", f"podium.toml: no `{name}` is installed in the group `{group}`", help=step)
    return found.load()()
