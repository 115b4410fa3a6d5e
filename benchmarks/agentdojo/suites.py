"""The suites of AgentDojo, without the model providers that it would import.

AgentDojo 0.1.35 is installed without what it depends on (openai, anthropic, cohere, google-genai, langchain, …): its
environments, tools and tasks need none of it. The three modules that import providers are replaced by empty ones
before it is loaded.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

VERSION = "v1.2.2"
_MARK = "@@injection@@"


@dataclass(frozen=True, eq=False)
class Suite:
    """One suite: its tools, its tasks, and environments that an attacker has written into."""

    name: str
    raw: Any

    @property
    def user_tasks(self) -> Mapping[str, Any]:
        """By their ids."""
        return self.raw.user_tasks

    @property
    def injection_tasks(self) -> Mapping[str, Any]:
        """By their ids."""
        return self.raw.injection_tasks

    def environment(self, injection: str | None) -> Any:
        """Return an environment with a text at every place that others can write; None for the harmless one."""
        return _environment(self, injection).model_copy(deep=True)

    def call(self, function: str, arguments: Mapping[str, Any]) -> Any:
        """Return a call as AgentDojo's judges read it."""
        return importlib.import_module("agentdojo.functions_runtime").FunctionCall(function=function, args=arguments)

    def choices(self, function: str) -> dict[str, tuple[str, ...]]:
        """Return `{argument: values}` for the arguments of a function whose type is an enum."""
        return _choices(self, function)


def load() -> list[Suite]:
    """Return the suites of the newest version.

    Raises:
        ModuleNotFoundError: when AgentDojo is not installed.
    """
    spec = importlib.util.find_spec("agentdojo")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("agentdojo is not installed; `make agentdojo` installs it")
    home = Path(spec.origin).parent / "agent_pipeline"
    for name, path in (("", [str(home)]), (".llms", []), (".llms.google_llm", [])):
        module = ModuleType(f"agentdojo.agent_pipeline{name}")
        module.__path__ = path
        module.__dict__["EMPTY_FUNCTION_NAME"] = "<empty-function>"
        sys.modules.setdefault(module.__name__, module)
    suites = importlib.import_module("agentdojo.task_suite.load_suites").get_suites(VERSION)
    return [Suite(name, raw) for name, raw in suites.items()]


@lru_cache(maxsize=64)
def _environment(suite: Suite, injection: str | None) -> Any:
    return suite.raw.environment_type.model_validate(_filled(_parsed(suite, injection is None), injection))


@cache
def _parsed(suite: Suite, harmless: bool) -> Any:  # noqa: FBT001 - the key of a cache
    module = importlib.import_module("agentdojo.task_suite.task_suite")
    text = module.read_suite_file(suite.name, "environment.yaml", suite.raw.data_path)
    vectors = suite.raw.get_injection_vector_defaults()
    yaml = importlib.import_module("yaml")
    return yaml.safe_load(text.format(**(vectors if harmless else dict.fromkeys(vectors, _MARK))))


def _filled(value: Any, injection: str | None) -> Any:
    if isinstance(value, str):
        return value if injection is None else value.replace(_MARK, injection)
    if isinstance(value, dict):
        return {key: _filled(part, injection) for key, part in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_filled(part, injection) for part in cast("list[Any]", value)]
    return value


@cache
def _choices(suite: Suite, function: str) -> dict[str, tuple[str, ...]]:
    (tool,) = (tool for tool in suite.raw.tools if tool.name == function)
    schema = tool.parameters.model_json_schema()
    kinds = schema.get("$defs", {})
    found: dict[str, tuple[str, ...]] = {}
    for name, declared in schema["properties"].items():
        kind = kinds.get(declared.get("$ref", "").rpartition("/")[2], declared)
        if "enum" in kind:
            found[name] = tuple(kind["enum"])
    return found


def plain(value: Any) -> Any:
    """Return an answer of a tool as JSON."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in cast("list[Any]", value)]
    return json.loads(json.dumps(value, default=str))
