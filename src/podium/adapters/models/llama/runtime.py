"""The optional runtime, imported by name: it is an extra, and types are checked with and without it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

llama_cpp: Any = import_module("llama_cpp")
np: Any = import_module("numpy")
chat_format: Any = import_module("llama_cpp.llama_chat_format")
gbnf: Any = import_module("llama_cpp.llama_grammar")
