"""Choosing the next token: the likeliest that the grammar allows, or by chance when there is a temperature.

The grammar is asked about the likeliest candidates only, and about the rest only when it allows none of them. The
choice is the same as if it were asked about all 150,000, which would halve the speed. Chance comes from a fixed seed.
"""

from __future__ import annotations

import ctypes
from typing import Any, Self

from podium.adapters.models.llama.runtime import llama_cpp, np

_CANDIDATES = 40
_SEED = 20_260_101


class Sampler:
    """The state of one answer. Use as a context manager: the grammar lives outside Python."""

    def __init__(self, llama: Any, *, grammar: str | None, temperature: float) -> None:  # noqa: ANN401 - no types there
        self._llama = llama
        self._temperature = temperature
        self._random = np.random.default_rng(_SEED)
        self._grammar: Any = None
        if grammar is not None:
            vocab = llama_cpp.llama_model_get_vocab(llama.model)
            self._grammar = llama_cpp.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
            if not self._grammar:
                msg = "llama.cpp does not take the grammar"
                raise ValueError(msg)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._grammar is not None:
            llama_cpp.llama_sampler_free(self._grammar)

    def next(self) -> int:
        """Return the next token after what has been evaluated."""
        pointer = llama_cpp.llama_get_logits_ith(self._llama.ctx, -1)
        logits = np.ctypeslib.as_array(pointer, shape=(self._llama.n_vocab(),))
        token = self._choose(logits)
        if self._grammar is not None:
            llama_cpp.llama_sampler_accept(self._grammar, token)
        return token

    def _choose(self, logits: Any) -> int:  # noqa: ANN401 - an array
        likeliest = np.argpartition(logits, -_CANDIDATES)[-_CANDIDATES:]
        weights = logits[likeliest]
        if self._temperature > 0:
            # Adding Gumbel noise and taking the largest draws by the softmax of the weights.
            weights = weights / self._temperature + self._random.gumbel(size=len(weights))
        for tokens in (likeliest[np.argsort(-weights)], np.argsort(-logits)):
            if (token := self._first_allowed(tokens)) is not None:
                return token
        msg = "the grammar allows no token"
        raise ValueError(msg)

    def _first_allowed(self, tokens: Any) -> int | None:  # noqa: ANN401 - an array
        if self._grammar is None:
            return int(tokens[0])
        candidates = (llama_cpp.llama_token_data * len(tokens))()
        for candidate, token in zip(candidates, tokens, strict=True):
            candidate.id, candidate.logit, candidate.p = int(token), 1.0, 0.0
        listed = llama_cpp.llama_token_data_array(data=candidates, size=len(tokens), selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(listed))
        return next((candidate.id for candidate in candidates if candidate.logit > 0), None)
