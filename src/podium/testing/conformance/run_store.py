"""What every store behind `RunStore` must do.

```python
class TestMyStore(RunStoreSuite):
    @pytest.fixture
    async def open_store(self, clock: FakeClock, tmp_path: Path) -> AsyncIterator[OpenStore]: ...
```

`open_store()` opens the same durable state once more, as another process would; what it opened is closed when the
test ends. Its argument are fault points (`podium.testing.faults`). The store takes its time from `clock`.
"""

from __future__ import annotations

import pytest

from podium.ledger.store import RunStore
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_budgets import BudgetRules
from podium.testing.conformance.store_entering import EnteringRules
from podium.testing.conformance.store_faults import FaultRules
from podium.testing.conformance.store_owner import OwnerRules
from podium.testing.conformance.store_posting import PostingRules
from podium.testing.conformance.store_reading import ReadingRules
from podium.testing.conformance.store_sharing import SharingRules
from podium.testing.conformance.store_steering import SteeringRules
from podium.testing.conformance.store_stopping import StoppingRules
from podium.testing.conformance.store_turns import TurnRules
from podium.testing.conformance.store_world import OpenStore

__all__ = ["OpenStore", "RunStoreSuite"]


class RunStoreSuite(
    OwnerRules,
    PostingRules,
    ReadingRules,
    SharingRules,
    FaultRules,
    TurnRules,
    SteeringRules,
    StoppingRules,
    EnteringRules,
    BudgetRules,
):
    """Subclass it with the fixture of the module's example."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def clock(self) -> FakeClock:
        """The time of the test."""
        return FakeClock()

    @pytest.fixture
    async def store(self, open_store: OpenStore) -> RunStore:
        """The store under test."""
        return await open_store()
