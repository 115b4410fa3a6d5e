from __future__ import annotations

import hashlib

from podium.gate.roles import Directory, Person, Voter, belongs
from podium.spec.approval_rule import Voters

ANNA = Person(name="anna", roles=("finance",), groups=("berlin",), users=("awinter",), email="anna@example.org")
BERT = Person(name="bert", groups=("berlin",), users=("bert",), tokens=(hashlib.sha256(b"secret").hexdigest(),))
STAFF = Directory({"anna": ANNA, "bert": BERT})


def test_without_a_directory_the_user_of_the_system_holds_every_role_and_it_is_said() -> None:
    voter = Directory().voter("root")

    assert (voter, belongs(voter, Voters(roles=("finance",)))) == (Voter("root", assumed=True), True)


def test_a_user_of_the_system_is_the_person_who_has_that_name_there() -> None:
    assert STAFF.voter("awinter") == Voter("anna", ("finance",), ("berlin",))


def test_whoever_has_the_name_of_a_person_without_being_them_is_a_stranger() -> None:
    stranger = STAFF.voter("anna")

    assert (stranger, stranger.stranger) == (Voter("user:anna"), True)
    assert not belongs(stranger, Voters())
    assert not belongs(stranger, Voters(people=("user:anna",)))


def test_a_token_is_known_by_its_digest() -> None:
    assert (STAFF.bearer("secret"), STAFF.bearer("secret ")) == (Voter("bert", (), ("berlin",)), None)


def test_a_text_means_a_person_an_address_or_a_group_and_else_itself() -> None:
    assert [STAFF.meant(text) for text in ("anna", "anna@example.org", "berlin", "team@x", "")] == [
        ("anna",),
        ("anna",),
        ("anna", "bert"),
        ("team@x",),
        (),
    ]


def test_who_is_asked_is_known_by_role_group_or_name() -> None:
    assert [
        [person.name for person in STAFF.of(voters)]
        for voters in (Voters(), Voters(roles=("finance",)), Voters(groups=("berlin",)), Voters(people=("bert",)))
    ] == [["anna", "bert"], ["anna"], ["anna", "bert"], ["bert"]]
    assert [person.name for person in STAFF.of(Voters(), without=("anna",))] == ["bert"]
