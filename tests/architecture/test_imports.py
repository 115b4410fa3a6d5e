"""The layers hold, and what is heavy is not loaded before somebody needs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = (
    "pydantic_ai",
    "mcp",
    "sqlalchemy",
    "alembic",
    "cel_expr_python",
    "jsonschema",
    "openai",
    "anthropic",
    "httpx",
    "cedarpy",
    "phonenumbers",
    "stdnum",
    "pydantic_monty",
    "keyring",
)


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    return set(done.stdout.split())


def test_every_import_points_inwards() -> None:
    linter = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout


def test_the_command_line_starts_light() -> None:
    # asyncio alone would be a fifth of the time that `podium --help` may take
    assert loaded_by("import podium.cli.main") & {*HEAVY, "asyncio", "pydantic", "msgspec"} == set()


def test_importing_podium_costs_nothing() -> None:
    loaded = loaded_by("import podium")

    assert {name for name in loaded if name.startswith("podium")} == {"podium"}
    assert loaded & {*HEAVY, "pydantic", "msgspec"} == set()


def test_a_light_start_can_be_told_from_a_heavy_one() -> None:
    assert "jsonschema" in loaded_by("import podium.cli.main, jsonschema")
