"""Secrets come from where the settings say, and what they are is seen by nobody but the tool."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import PasswordSetError

from podium.adapters.secrets.vault import LEAST_CHARS, Vault
from podium.errors import EffectError
from podium.spec.settings.secrets import SecretSource
from podium.testing.clock import FakeClock

pytestmark = pytest.mark.anyio


def source(**keys: Any) -> SecretSource:
    return SecretSource.model_validate(keys)


async def problem(vault: Vault, name: str = "token") -> EffectError:
    with pytest.raises(EffectError) as caught:
        await vault.value(name)
    return caught.value


async def test_a_secret_without_a_source_is_an_environment_variable_of_its_name() -> None:
    assert await Vault(environ={"PODIUM_SECRET_ERP_TOKEN": "x1"}).value("erp_token") == "x1"


async def test_the_settings_may_name_another_variable() -> None:
    vault = Vault({"token": source(env="ERP_TOKEN")}, environ={"ERP_TOKEN": "x1", "PODIUM_SECRET_TOKEN": "other"})

    assert await vault.value("token") == "x1"


async def test_a_secret_that_is_not_set_is_named_and_nothing_else_is() -> None:
    error = await problem(Vault(environ={"OTHER": "x1"}))

    assert (error.code, error.message, error.landed) == ("EF014", "the secret `token` is not set", "no")


async def test_a_file_gives_its_text_without_the_last_line_break(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text("two\nlines\n")

    assert await Vault({"token": source(file=str(file))}).value("token") == "two\nlines"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
async def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "token"
    file.write_text("s3cr3t")
    file.chmod(mode)

    error = await problem(Vault({"token": source(file=str(file))}))

    assert error.code == "EF071"
    assert "s3cr3t" not in error.message + error.help


async def test_a_command_prints_the_value() -> None:
    program = (sys.executable, "-c", "import sys; print('x1'); print('not this', file=sys.stderr)")

    assert await Vault({"token": source(command=program)}).value("token") == "x1"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("print('s3cr3t'); raise SystemExit(3)", "ended with status 3"),
        ("pass", "it is empty"),
        ("import sys; sys.stdout.buffer.write(b'\\xff' * 9)", "it is no UTF-8 text"),
        ("print('s3cr3t' * 20_000)", "it is longer than 65536 bytes"),
    ],
)
async def test_a_command_that_gives_no_value_is_an_error_without_its_output(script: str, told: str) -> None:
    error = await problem(Vault({"token": source(command=(sys.executable, "-c", script))}))

    assert error.code == "EF070"
    assert error.message.endswith(told)
    assert "s3cr3t" not in error.message + error.help


async def test_a_program_or_file_that_is_not_there_is_told() -> None:
    vault = Vault({"a": source(command=("no-such-program",)), "b": source(file="no/such/file")})

    assert [(await problem(vault, name)).code for name in ("a", "b")] == ["EF070", "EF070"]


class InMemory(KeyringBackend):
    """A key ring of one test."""

    priority = 1  # type: ignore[assignment]  # the base has a property there

    def get_password(self, service: str, username: str) -> str | None:
        return "x1" if (service, username) == ("erp", "podium") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError(f"{service} {username}: this key ring is only read")


@pytest.fixture
def ring() -> Generator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("ring")
async def test_the_key_ring_is_asked_by_service_and_user() -> None:
    vault = Vault({"token": source(keyring="erp/podium"), "other": source(keyring="erp/nobody")})

    assert await vault.value("token") == "x1"
    assert (await problem(vault, "other")).message.endswith("the key ring has no `erp/nobody`")


async def test_a_value_is_fetched_again_after_a_minute() -> None:
    clock, environ = FakeClock(), {"PODIUM_SECRET_TOKEN": "first"}
    vault = Vault(environ=environ, clock=clock)
    await vault.value("token")
    environ["PODIUM_SECRET_TOKEN"] = "second"

    assert await vault.value("token") == "first"
    clock.advance(timedelta(minutes=1))
    assert await vault.value("token") == "second"
    assert vault.hide("first and second") == "${secrets.token} and ${secrets.token}"


values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=LEAST_CHARS, max_size=40)


@given(value=values, before=st.text(max_size=5), after=st.text(max_size=5))
async def test_a_value_is_found_in_every_form_in_which_others_write_it(value: str, before: str, after: str) -> None:
    vault = Vault(environ={"PODIUM_SECRET_TOKEN": value})
    await vault.value("token")
    coded = base64.b64encode(value.encode()).decode()
    forms = [value, quote(value, safe=""), coded, json.dumps(value)[1:-1]]

    hidden = vault.hide_in({"a": [f"{before}{form}{after}" for form in forms], value: 1})

    assert "${secrets.token}" in hidden
    assert all("${secrets.token}" in text for text in hidden["a"])
    assert not [text for text in hidden["a"] if value in text.replace("${secrets.token}", " ")]


async def test_a_number_that_is_a_secret_is_blotted_out_too() -> None:
    vault = Vault(environ={"PODIUM_SECRET_PIN": "123456"})
    await vault.value("pin")

    assert vault.hide_in([123456, 1234567, True, None]) == ["${secrets.pin}", 1234567, True, None]


@pytest.mark.parametrize("keys", [{}, {"env": "A", "file": "b"}, {"keyring": "erp"}, {"command": []}])
def test_a_source_names_exactly_one_place(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        source(**keys)
