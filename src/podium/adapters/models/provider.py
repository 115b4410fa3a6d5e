"""Models of OpenAI, of everything that speaks its protocol, and of Anthropic, through pydantic-ai.

1. One call of the port is one HTTP request: no retry of the SDK, no fallback, no telemetry.
2. Our neutral messages are turned into theirs anew for every call; nothing of theirs is kept.
3. With a schema the server's own structured output is used where it is known to have one, and the schema stands in the
   prompt where it is not known to be honoured. What comes is read and validated by `effects.answer` in any case.
4. A stream that ends without a finish reason is half an answer, and that is none.
5. A cancelled call closes the connection; that is how a provider learns to stop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple, cast

import httpx2
import msgspec
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai import exceptions as theirs
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from podium.adapters.models.failures import Target, from_provider, from_status, refused, rejected, timed_out
from podium.adapters.models.http import CONNECT_TIMEOUT_S, one_origin_client
from podium.adapters.models.messages import object_schema, their_messages, value_of
from podium.effects.answer import MAX_ANSWER_CHARS, invalid_answer
from podium.effects.ports import Progress
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ModelCall, ModelReply, Usage

OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
_CHECK_TIMEOUT_S = 10.0


class _Asking(NamedTuple):
    """How a model is asked for JSON.

    Attributes:
        native: The server makes the answer satisfy the schema.
        prompted: The schema stands in the prompt.
    """

    native: bool
    prompted: bool


class _Card(msgspec.Struct):
    id: str


class _Listed(msgspec.Struct):
    data: list[_Card] = []


class ProviderModel:
    """See the module's rules."""

    def __init__(
        self,
        model: Model[Any],
        *,
        target: Target,
        http: httpx2.AsyncClient,
        asking: _Asking,
        listed: Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]],
    ) -> None:
        self._model = model
        self._target = target
        self._http = http
        self._asking = asking
        self._listed = listed

    @property
    def name(self) -> str:
        return self._target.name

    async def call(self, call: ModelCall, *, key: EffectKey, timeout_s: float, progress: Progress) -> ModelReply:  # noqa: ARG002 - no provider takes a key for a question
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._stream(call, timeout_s, progress)
        except TimeoutError:
            raise timed_out(self._target, timeout_s) from None
        except (theirs.AgentRunError, httpx2.HTTPError) as error:
            raise from_provider(error, self._target, timeout_s) from error
        return self._read(call, response)

    async def check(self) -> None:
        try:
            response = await self._listed(self._http)
        except httpx2.HTTPError as error:
            phase = "connect" if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout) else "read"
            lost = theirs.ModelConnectionError(self.name, str(error), phase=phase)
            raise from_provider(lost, self._target, _CHECK_TIMEOUT_S) from error
        if response.status_code >= 300:
            raise from_status(response.status_code, self._target)
        self._look_up(response)

    async def close(self) -> None:
        await self._http.aclose()

    async def _stream(self, call: ModelCall, timeout_s: float, progress: Progress) -> ModelResponse:
        parameters = ModelRequestParameters()
        if call.schema is not None and self._asking.native:
            wanted = OutputObjectDefinition(json_schema=object_schema(call.schema), name="answer")
            parameters = ModelRequestParameters(output_mode="native", output_object=wanted, allow_text_output=True)
        settings = ModelSettings(
            max_tokens=call.max_tokens,
            temperature=call.temperature_milli / 1000,
            timeout=cast("Any", httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))),
            max_retries=0,
        )
        async with model_request_stream(
            self._model,
            their_messages(call, prompted=self._asking.prompted),
            model_settings=settings,
            model_request_parameters=parameters,
            instrument=False,
        ) as stream:
            await _follow(stream, progress)
            return stream.get()

    def _read(self, call: ModelCall, response: ModelResponse) -> ModelReply:
        usage = Usage(
            input_tokens=response.usage.input_tokens,
            output_tokens=response.usage.output_tokens,
            cached_tokens=response.usage.cache_read_tokens,
        )
        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        finish: Literal["stop", "length"] = "length" if response.finish_reason == "length" else "stop"
        try:
            if response.finish_reason == "content_filter":
                raise refused(self._target)
            if response.finish_reason is None:
                raise invalid_answer(f"`{self.name}` stopped before its answer was complete")
            value = value_of(call, text, finish, native=self._asking.native)
        except EffectError as error:
            error.tokens = (usage.input_tokens, usage.output_tokens, usage.cached_tokens)
            raise
        return ModelReply(text=text, value=value, model=self.name, finish=finish, usage=usage)

    def _look_up(self, response: httpx2.Response) -> None:
        try:
            names = [card.id for card in msgspec.json.decode(response.content, type=_Listed).data]
        except msgspec.DecodeError:
            raise invalid_answer(f"what answers at {self._target.base_url} is no model server") from None
        if names and self._model.model_name not in names:
            some = ", ".join(f"`{name}`" for name in names[:8])
            raise rejected(self._target, f"is not offered at {self._target.base_url}", help=f"it offers {some}")


def openai_model(model: str, *, base_url: str = OPENAI_URL, api_key: str = "", name: str = "") -> ProviderModel:
    """Return a model of OpenAI, or of a server that speaks its protocol (`base_url` ends in `/v1`).

    Blocking (imports, certificates): build it outside the event loop.
    """
    official = httpx2.URL(base_url).host == httpx2.URL(OPENAI_URL).host
    http = one_origin_client(base_url)
    client = AsyncOpenAI(api_key=api_key or "none", base_url=base_url, http_client=http, max_retries=0)
    provider = (
        OpenAIProvider(openai_client=client)
        if official
        else OpenAICompatibleProvider("openai-compatible", openai_client=client)
    )
    profile = OpenAIModelProfile(
        openai_chat_streaming_requires_finish_reason=True,
        # Servers other than OpenAI's know `max_tokens`, not all of them its newer name.
        openai_chat_supports_max_completion_tokens=official,
    )

    async def listed(http: httpx2.AsyncClient) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        return await http.get(f"{base_url.rstrip('/')}/models", headers=headers, timeout=_CHECK_TIMEOUT_S)

    return ProviderModel(
        OpenAIChatModel(model, provider=provider, profile=profile),
        target=Target(name or f"openai/{model}", base_url, "OPENAI_API_KEY", api_key),
        http=http,
        # Some servers take a schema and do not keep to it; there the prompt says it as well.
        asking=_Asking(native=True, prompted=not official),
        listed=listed,
    )


def anthropic_model(model: str, *, base_url: str = ANTHROPIC_URL, api_key: str, name: str = "") -> ProviderModel:
    """Return a model of Anthropic. Blocking, as `openai_model`."""
    http = one_origin_client(base_url)
    client = AsyncAnthropic(api_key=api_key, base_url=base_url, http_client=http, max_retries=0, open_telemetry=False)
    claude = AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))
    native = bool(claude.profile.get("supports_json_schema_output"))

    async def listed(http: httpx2.AsyncClient) -> httpx2.Response:
        headers = {"x-api-key": api_key, "anthropic-version": "2023-06-01"}
        return await http.get(f"{base_url.rstrip('/')}/v1/models/{model}", headers=headers, timeout=_CHECK_TIMEOUT_S)

    return ProviderModel(
        claude,
        target=Target(name or f"anthropic/{model}", base_url, "ANTHROPIC_API_KEY", api_key),
        http=http,
        asking=_Asking(native=native, prompted=not native),
        listed=listed,
    )


async def _follow(stream: StreamedResponse, progress: Progress) -> None:
    """Read the stream to its end, telling of every piece.

    Raises:
        EffectError: EF007 when it is longer than any answer.
    """
    seen = 0
    async for event in stream:
        piece = _text_of(event)
        seen += len(piece)
        if seen > MAX_ANSWER_CHARS:
            raise invalid_answer(f"the answer has more than {MAX_ANSWER_CHARS} characters")
        progress(piece)


def _text_of(event: ModelResponseStreamEvent) -> str:
    match event:
        case PartStartEvent(part=TextPart(content=text)):
            return text
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return text
        case _:
            return ""
