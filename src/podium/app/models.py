"""Which models this installation has, and which one answers.

Looked for in this order; the first that can be used is used:

1. `OPENAI_BASE_URL` or `OPENAI_API_KEY` (with `OPENAI_MODEL`): OpenAI, or any server of its protocol;
2. `ANTHROPIC_API_KEY` (with `ANTHROPIC_MODEL`);
3. a server on this machine: Ollama (port 11434), vLLM (8000), llama.cpp (8080), taken only when it lists its models;
4. a local model that has been fetched, when its runtime is installed.

`PODIUM_MODEL` names one of them and then no other is used: `openai/gpt-5-mini`, `ollama/qwen3`,
`local/qwen2.5-coder-1.5b`. Keys come from the environment and go to their provider alone.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from podium.adapters.models.catalogue import CATALOGUE, DEFAULT, LocalModel, fetched, models_home
from podium.effects.ports import ModelPort
from podium.errors import EffectError, UsageError
from podium.node.calls import ModelCall

LOOPBACK = {"ollama": 11434, "vllm": 8000, "llama.cpp": 8080}
"""Ports at which model servers are looked for on this machine."""

PROBE_S = 0.2
"""How long a port of this machine may take to be opened."""

_LIST_S = 2.0
_OPENAI_DEFAULT = "gpt-5-mini"
_ANTHROPIC_DEFAULT = "claude-haiku-4-5"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A model that was found, or that could be there.

    Attributes:
        name: As `PODIUM_MODEL` names it and as records show it.
        provider: `openai`, `anthropic`, `ollama`, `vllm`, `llama.cpp` or `local`.
        how: Why it was found.
        ok: Whether it can be used, as far as one sees without asking it for an answer.
        reason: Why not.
        next_step: What to do about it.
        open: Gives the port; blocks for a second or two.
    """

    name: str
    provider: str
    how: str
    ok: bool = True
    reason: str = ""
    next_step: str = ""
    open: Callable[[], ModelPort] | None = field(default=None, compare=False, repr=False)


async def detect(
    env: Mapping[str, str] | None = None, *, ports: Mapping[str, int] | None = None, runtime: bool | None = None
) -> list[Candidate]:
    """Return what there is and what there could be, in the order of the module; the one of `PODIUM_MODEL` first.

    Args:
        env: Instead of the process's environment.
        ports: Instead of `LOOPBACK`.
        runtime: Whether llama.cpp is installed, instead of looking.
    """
    env = os.environ if env is None else env
    ports = LOOPBACK if ports is None else ports
    runtime = find_spec("llama_cpp") is not None if runtime is None else runtime
    async with asyncio.TaskGroup() as group:
        openai = group.create_task(_openai(env))
        servers = [group.create_task(_server(name, port, env)) for name, port in ports.items()]
        local = group.create_task(asyncio.to_thread(_local, env, runtime=runtime))
    found = [*openai.result(), *_anthropic(env)]
    found += [candidate for server in servers for candidate in server.result()]
    found += local.result()
    wanted = env.get("PODIUM_MODEL", "")
    return sorted(found, key=lambda candidate: candidate.name != wanted)


async def check(candidate: Candidate) -> Candidate:
    """Return the candidate as it is after asking it whether it could answer now."""
    if not candidate.ok or candidate.open is None:
        return candidate
    port = await asyncio.to_thread(candidate.open)
    try:
        await port.check()
    except EffectError as error:
        return Candidate(
            name=candidate.name,
            provider=candidate.provider,
            how=candidate.how,
            ok=False,
            reason=str(error),
            next_step=error.help,
        )
    finally:
        await port.close()
    return candidate


class InstalledModels:
    """The port `Models` over what `detect` finds; looks when first asked, and again while there is nothing."""

    def __init__(self, env: Mapping[str, str] | None = None, *, ports: Mapping[str, int] | None = None) -> None:
        self._env = env
        self._ports = ports
        self._looking = asyncio.Lock()
        self._port: ModelPort | None = None

    async def choose(self, call: ModelCall) -> ModelPort:  # noqa: ARG002 - one model, until there are routes
        async with self._looking:
            if self._port is None:
                self._port = await self._find()
            return self._port

    async def close(self) -> None:
        """Let go of the model."""
        if self._port is not None:
            await self._port.close()

    async def _find(self) -> ModelPort:
        env = os.environ if self._env is None else self._env
        candidates = await detect(env, ports=self._ports)
        wanted = env.get("PODIUM_MODEL", "")
        for candidate in candidates:
            if candidate.ok and candidate.open is not None and wanted in {"", candidate.name}:
                return await asyncio.to_thread(candidate.open)
        raise _none(candidates, wanted)


def _none(candidates: list[Candidate], wanted: str) -> EffectError:
    named = next((candidate for candidate in candidates if candidate.name == wanted), None)
    if named is not None:
        message, help_ = f"`PODIUM_MODEL` is `{wanted}`, and {named.reason}", named.next_step
    elif wanted:
        known = ", ".join(f"`{candidate.name}`" for candidate in candidates)
        message, help_ = f"`PODIUM_MODEL` is `{wanted}`, and no such model is there", f"there could be: {known}"
    else:
        message = "no model is configured and none was found on this machine"
        help_ = "run `podium models fetch` for a local one, or set `OPENAI_API_KEY`; see `podium models list`"
    return EffectError("EF001", message, kind="invalid_input", help=help_)


async def _openai(env: Mapping[str, str]) -> list[Candidate]:
    base_url, key, model = (env.get(name, "") for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"))
    if not base_url:
        return [_openai_candidate(model or _OPENAI_DEFAULT, "", key, how="OPENAI_API_KEY is set")] if key else []
    how = f"OPENAI_BASE_URL is {base_url}"
    if model:
        return [_openai_candidate(model, base_url, key, how=how)]
    from podium.adapters.models.probe import NoModelServer, listed_models

    try:
        names = await listed_models(base_url, api_key=key, timeout_s=_LIST_S)
    except NoModelServer as error:
        return [_missing("openai/?", "openai", how, f"it does not list its models: {error}", "set OPENAI_MODEL")]
    if not names:
        return [_missing("openai/?", "openai", how, "it has no model that can chat", "load one there")]
    wanted = env.get("PODIUM_MODEL", "").removeprefix("openai/")
    return [_openai_candidate(wanted if wanted in names else names[0], base_url, key, how=how)]


def _openai_candidate(model: str, base_url: str, key: str, *, how: str, provider: str = "openai") -> Candidate:
    name = f"{provider}/{model}"
    return Candidate(name=name, provider=provider, how=how, open=partial(_open_openai, model, base_url, key, name))


def _open_openai(model: str, base_url: str, key: str, name: str) -> ModelPort:
    from podium.adapters.models.provider import OPENAI_URL, openai_model

    return openai_model(model, base_url=base_url or OPENAI_URL, api_key=key, name=name)


def _anthropic(env: Mapping[str, str]) -> list[Candidate]:
    key = env.get("ANTHROPIC_API_KEY", "")
    if not key:
        return []
    model, base_url = env.get("ANTHROPIC_MODEL") or _ANTHROPIC_DEFAULT, env.get("ANTHROPIC_BASE_URL", "")

    def open_() -> ModelPort:
        from podium.adapters.models.provider import ANTHROPIC_URL, anthropic_model

        return anthropic_model(model, base_url=base_url or ANTHROPIC_URL, api_key=key)

    return [Candidate(name=f"anthropic/{model}", provider="anthropic", how="ANTHROPIC_API_KEY is set", open=open_)]


async def _server(provider: str, port: int, env: Mapping[str, str]) -> list[Candidate]:
    if not await _is_open(port):
        return []
    from podium.adapters.models.probe import NoModelServer, listed_models

    base_url = f"http://127.0.0.1:{port}/v1"
    how = f"a server answers at {base_url}"
    try:
        names = await listed_models(base_url, timeout_s=_LIST_S)
    except NoModelServer:
        return []  # something else uses that port
    if not names:
        return [_missing(f"{provider}/?", provider, how, "it has no model that can chat", "load one there")]
    wanted = env.get("PODIUM_MODEL", "").removeprefix(f"{provider}/")
    return [_openai_candidate(wanted if wanted in names else names[0], base_url, "", how=how, provider=provider)]


async def _is_open(port: int) -> bool:
    """Say whether something listens on this port of the loopback address."""
    try:
        async with asyncio.timeout(PROBE_S):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _local(env: Mapping[str, str], *, runtime: bool) -> list[Candidate]:
    return [_local_candidate(model, env, runtime=runtime) for model in CATALOGUE.values()]


def _local_candidate(model: LocalModel, env: Mapping[str, str], *, runtime: bool) -> Candidate:
    name, home = f"local/{model.name}", models_home(env)
    path = fetched(model, home)
    if path is None:
        return _missing(name, "local", model.about, "it has not been fetched", f"podium models fetch {model.name}")
    if not runtime:
        return _missing(name, "local", model.about, "its runtime is not installed", "see `podium doctor`")
    if model.name != DEFAULT and env.get("PODIUM_MODEL") != name:
        return _missing(name, "local", model.about, "it is used only when it is named", f"set PODIUM_MODEL={name}")
    return Candidate(name=name, provider="local", how=f"fetched to {path}", open=partial(_open_local, path, name, env))


def _open_local(path: Path, name: str, env: Mapping[str, str]) -> ModelPort:
    from podium.adapters.models.llama.model import CONTEXT, LlamaModel

    context = env.get("PODIUM_LOCAL_CONTEXT") or str(CONTEXT)
    if not context.isdigit():
        raise UsageError("EF009", f"PODIUM_LOCAL_CONTEXT is `{context}`, expected a number of tokens such as 8192")
    return LlamaModel(path, name=name, context=int(context))


def _missing(name: str, provider: str, how: str, reason: str, next_step: str) -> Candidate:
    return Candidate(name=name, provider=provider, how=how, ok=False, reason=reason, next_step=next_step)
