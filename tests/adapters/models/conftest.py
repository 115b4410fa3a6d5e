from __future__ import annotations

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from podium.adapters.models.catalogue import models_home
from podium.adapters.models.fetch import fetch
from podium.errors import PodiumError


@pytest.fixture(scope="session")
def small_model() -> Path:
    """Return the file of the smallest real model, fetched once a machine."""
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is an extra that is not installed; see docs/errors/EF009.md")
    try:
        return asyncio.run(fetch("smollm2-135m", home=models_home(os.environ)))
    except PodiumError as error:
        pytest.skip(f"the small model cannot be fetched here: {error}")
