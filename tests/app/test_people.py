from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from podium.app.installation import Installation
from podium.app.people import acting, directory_of
from podium.app.principal import principal
from podium.app.settings import read_settings
from podium.errors import UsageError
from podium.gate.roles import Voter

pytestmark = pytest.mark.anyio

PEOPLE = """
[people.anna]
roles = ["legal", "finance"]
groups = ["berlin"]
users = ["{user}"]

[people.bert]
users = []
token_sha256 = ["{token}"]
"""


def settings(home: Path, text: str) -> Path:
    (home / "podium.toml").write_text(text)
    return home


def written(home: Path) -> Path:
    return settings(home, PEOPLE.format(user=principal(), token=hashlib.sha256(b"secret").hexdigest()))


async def opened(home: Path) -> tuple[str, Voter]:
    async with Installation.open(home) as installation:
        return installation.principal, installation.voter


async def test_without_people_the_user_of_the_system_acts_and_it_is_said(tmp_path: Path) -> None:
    assert await opened(tmp_path) == (principal(), Voter(principal(), assumed=True))


async def test_the_user_of_the_system_acts_as_the_person_that_they_are(tmp_path: Path) -> None:
    assert await opened(written(tmp_path)) == ("anna", Voter("anna", ("finance", "legal"), ("berlin",)))


async def test_nobody_becomes_somebody_else_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = principal()
    home = settings(tmp_path, "[people.boss]\nroles = ['legal']\nusers = ['the_boss']\n")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "the_boss")

    assert await opened(home) == (f"user:{me}", Voter(f"user:{me}"))


async def test_whoever_is_not_there_is_a_stranger(tmp_path: Path) -> None:
    stranger = f"user:{principal()}"

    assert await opened(settings(tmp_path, "[people.bert]\nusers = ['someone_else']\n")) == (stranger, Voter(stranger))


async def test_a_token_tells_who_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_TOKEN", "secret")

    assert await opened(written(tmp_path)) == ("bert", Voter("bert"))


async def test_a_token_of_nobody_stops_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_TOKEN", "guessed")

    with pytest.raises(UsageError, match="AP091"):
        await opened(written(tmp_path))
    with pytest.raises(UsageError, match="AP091"):
        acting(directory_of({}))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[people.anna]\nusers = ['x']\n[people.bert]\nusers = ['x']\n", "people"),
        ("[people.anna]\nrole = ['x']\n", "people.anna.role"),
        ("[people.anna]\nroles = ['Release Manager']\n", "people.anna.roles.0"),
        ("[people.anna]\nemail = 'anna'\n", "people.anna.email"),
        ("[people.anna]\nemail = 'a@b.c\\nBcc: x@y.z'\n", "people.anna.email"),
        ("[people.anna]\ntoken_sha256 = ['secret']\n", "people.anna.token_sha256.0"),
        ("[people.'user:eve']\n", "people.user:eve"),
    ],
)
def test_people_that_cannot_be_are_refused_where_they_stand(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(UsageError, match="AP070") as caught:
        read_settings(settings(tmp_path, text))

    assert f"`{place}" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "[notices.via.mail]\nsmtp = 'mail.example.org:25'\n",
        "[notices.via.mail]\nsmtp = 'mail.example.org'\nfrom = 'a@b.c'\n",
        "[notices.via.mail]\nsmtp = 'm:25'\nfrom = 'a@b.c'\ncommand = ['true']\n",
        "[notices.via.mail]\nsmtp = 'm:25'\nfrom = 'a@b.c'\npassword = 'hunter2'\n",
        "[notices.via.chat]\nwebhook = 'https://x.org/hook'\n",
        "[notices.via.chat]\nwebhook = 'https://x.org/hook'\nsecret = 'in the clear'\n",
        "[notices.via.chat]\nwebhook = 'ftp://x.org/hook'\nsecret = '${secrets.hook}'\n",
        "[notices.via.nothing]\n",
        "[notices]\nlink = 'javascript:alert(1)'\n",
    ],
)
def test_channels_that_cannot_work_or_tell_a_secret_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="AP070"):
        read_settings(settings(tmp_path, text))
