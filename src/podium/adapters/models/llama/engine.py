"""The model inside the child process: from messages to tokens, and token by token to the answer.

- The template is the model's own. Values stand in it as plain text: marks such as `<|im_end|>` inside a value are not
  special tokens, so a value cannot open a turn of its own.
- What the previous prompt and this one have in common at their beginning is not read again, by whole slices: a slice
  gives the same numbers only when it is read as the same slice, and the same call shall have the same answer.
- Reading a prompt goes by slices, so that progress is seen; a cancel stops it within a slice.
"""

from __future__ import annotations

import codecs
import ctypes
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from podium.adapters.models.llama.grammar import for_grammar
from podium.adapters.models.llama.protocol import Answered, Ask
from podium.adapters.models.llama.runtime import chat_format, gbnf, llama_cpp
from podium.adapters.models.llama.sampler import Sampler
from podium.adapters.models.llama.telling import Cancelled, Telling
from podium.errors import EffectError
from podium.node.calls import Message

Json = Any

_SLICE = 128
_FALLBACK_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)
_PLACE = re.compile("\ue000(\\d+)\ue001")


class Engine:
    """One loaded model."""

    def __init__(self, path: Path, *, context: int, threads: int, name: str) -> None:
        self._llama = llama_cpp.Llama(
            str(path),
            n_ctx=context,
            n_batch=_SLICE,
            n_ubatch=_SLICE,
            n_threads=threads,
            n_threads_batch=threads,
            use_mmap=False,  # llama.cpp lays weights out anew for the machine; mapped, they would be there twice
            verbose=False,
        )
        self._name = name
        self._known: Sequence[int] = ()
        self._vocab = llama_cpp.llama_model_get_vocab(self._llama.model)
        self._stop: Callable[[], bool] = lambda: False
        # Kept, because C holds on to it: called several times within each slice, it ends it when it says true.
        self._abort = llama_cpp.ggml_abort_callback(self._should_abort)
        llama_cpp.llama_set_abort_callback(self._llama.ctx, self._abort, None)
        self._template = chat_format.Jinja2ChatFormatter(
            template=self._llama.metadata.get("tokenizer.chat_template", _FALLBACK_TEMPLATE),
            eos_token=self._text_of(self._llama.token_eos()),
            bos_token=self._text_of(self._llama.token_bos()),
        )

    @property
    def context(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self._llama.n_ctx()

    def answer(self, ask: Ask, telling: Telling) -> Answered:
        """Answer, telling of every piece.

        Raises:
            Cancelled: when `telling.cancelled` says so.
            EffectError: EF006 when the prompt is too long.
        """
        self._stop = telling.cancelled
        prompt = self._prompt(ask.messages)
        self._check_length(len(prompt), ask.max_tokens)
        cached = self._read(prompt, telling)
        temperature = ask.temperature_milli / 1000
        with Sampler(self._llama, grammar=grammar_for(ask.schema), temperature=temperature) as sampler:
            finish, written = self._write(sampler, ask.max_tokens, telling)
        return Answered(id=ask.id, finish=finish, input_tokens=len(prompt), output_tokens=written, cached_tokens=cached)

    def _check_length(self, prompt: int, answer: int) -> None:
        if prompt + answer > self.context:
            raise EffectError(
                "EF006",
                f"the prompt has {prompt} tokens and the answer may take {answer}; "
                f"`{self._name}` has room for {self.context}",
                kind="invalid_input",
                help="pass less, lower `max_tokens`, or set `PODIUM_LOCAL_CONTEXT` to more tokens",
            )

    def _read(self, prompt: Sequence[int], telling: Telling) -> int:
        """Evaluate the prompt but for what is evaluated already; return how many tokens that is."""
        pairs = enumerate(zip(self._known, prompt, strict=False))
        same = next((index for index, (old, new) in pairs if old != new), min(len(self._known), len(prompt)))
        # The last token is evaluated in any case: the choice of the next one needs its logits.
        cached = min(same, len(prompt) - 1) // _SLICE * _SLICE
        self._llama.n_tokens = cached
        self._known = prompt[:cached]
        for start in range(cached, len(prompt), _SLICE):
            telling.reading(start, len(prompt))
            self._evaluate(prompt[start : start + _SLICE])
        self._known = prompt
        return cached

    def _write(self, sampler: Sampler, most: int, telling: Telling) -> tuple[Literal["stop", "length"], int]:
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        for count in range(most):
            token = sampler.next()
            if llama_cpp.llama_vocab_is_eog(self._vocab, token):
                return "stop", count + 1
            telling.piece(decode(self._bytes_of(token)))
            self._evaluate([token])
        return "length", most

    def _evaluate(self, tokens: Sequence[int]) -> None:
        if self._stop():
            raise Cancelled
        try:
            self._llama.eval(tokens)
        except RuntimeError:
            if self._stop():
                raise Cancelled from None
            raise

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of the conversation in the model's template."""
        try:
            pieces = self._pieces(messages)
        except ValueError:  # a template may know no `system`, or want user and assistant in turns
            text = "\n\n".join(message.text for message in messages)
            pieces = self._pieces([Message(role="user", text=text)])
        return [token for text, special in pieces for token in self._tokens(text, special=special)]

    def _tokens(self, text: str, *, special: bool) -> list[int]:
        return self._llama.tokenize(text.encode(), add_bos=False, special=special)

    def _pieces(self, messages: Sequence[Message]) -> list[tuple[str, bool]]:
        """Return the prompt as (text, may hold special tokens): the template's own pieces may, the values may not.

        Raises:
            ValueError: when the template refuses the messages or leaves one out.
        """
        places = [{"role": message.role, "content": f"\ue000{i}\ue001"} for i, message in enumerate(messages)]
        parts = _PLACE.split(self._template(messages=places).prompt)
        if {int(part) for part in parts[1::2]} != set(range(len(messages))):
            msg = "the template leaves a message out"
            raise ValueError(msg)
        return [
            (messages[int(part)].text, False) if odd else (part, True)
            for odd, part in ((index % 2, part) for index, part in enumerate(parts))
            if part
        ]

    def _bytes_of(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)  # noqa: FBT003 - C takes no names
        return buffer.raw[: max(length, 0)]

    def _should_abort(self, _: object) -> bool:
        return self._stop()

    def _text_of(self, token: int) -> str:
        return self._llama.detokenize([token], special=True).decode("utf-8", "replace") if token >= 0 else ""


def grammar_for(schema: dict[str, Json] | None) -> str | None:
    """Return the grammar for a schema, None when there is none for it: then the validation decides alone."""
    if schema is None:
        return None
    try:
        return gbnf.json_schema_to_gbnf(json.dumps(for_grammar(schema)))
    except (ValueError, KeyError, AssertionError, RecursionError):
        return None
