"""Labels form a lattice: joining is commutative, associative and idempotent, and never makes a label better."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podium.gate.labels import INTEGRITIES, MANY, MAX_SOURCES, USER, Label, Lattice

LATTICE = Lattice(("open", "internal", "secret"), "internal")

names = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=3, unique=True).map(lambda found: tuple(sorted(found)))
labels = st.builds(
    Label,
    integrity=st.sampled_from(INTEGRITIES),
    level=st.sampled_from(["", "open", "internal", "secret"]),
    categories=names,
    residency=st.none() | names,
    sources=names,
)


def meaning(label: Label) -> tuple[Label, int]:
    """What a label says: "" and the default level are the same."""
    return Label(label.integrity, "", label.categories, label.residency, label.sources), LATTICE.height(label)


@given(labels, labels)
def test_the_order_of_joining_does_not_matter(one: Label, other: Label) -> None:
    assert meaning(LATTICE.join(one, other)) == meaning(LATTICE.join(other, one))


@given(labels, labels, labels)
def test_the_grouping_of_joining_does_not_matter(one: Label, two: Label, three: Label) -> None:
    left = LATTICE.join(LATTICE.join(one, two), three)
    right = LATTICE.join(one, LATTICE.join(two, three))

    assert meaning(left) == meaning(right)


@given(labels)
def test_joining_a_label_with_itself_changes_nothing(label: Label) -> None:
    assert LATTICE.join(label, label) == label


@given(labels, labels)
def test_a_join_is_at_least_as_restrictive_as_each_of_its_parts(one: Label, other: Label) -> None:
    joined = LATTICE.join(one, other)

    assert LATTICE.covers(joined, one)
    assert LATTICE.covers(joined, other)


@given(labels, labels, labels)
def test_what_covers_two_labels_covers_their_join(upper: Label, one: Label, other: Label) -> None:
    if LATTICE.covers(upper, one) and LATTICE.covers(upper, other):
        assert LATTICE.covers(upper, LATTICE.join(one, other))


@given(st.lists(labels, max_size=5))
def test_nothing_made_of_user_values_is_worse_than_they_are(found: list[Label]) -> None:
    assert LATTICE.covers(LATTICE.join_all([USER, *found]), LATTICE.join_all(found))


def test_what_an_author_wrote_makes_nothing_more_secret() -> None:
    public = Label(level="open", sources=("inputs.word",))

    assert LATTICE.join(USER, public) == LATTICE.join(public, USER) == public
    assert LATTICE.cleared("open", USER)
    assert not LATTICE.cleared("open", Label(sources=("inputs.word",)))


def test_a_level_that_does_not_exist_is_above_all_others() -> None:
    assert LATTICE.join(Label(level="secret"), Label(level="cosmic")).level == "cosmic"
    assert LATTICE.rank("cosmic") > LATTICE.rank("secret")


def test_residency_is_what_all_parts_allow() -> None:
    eu_us, eu_ch = Label(residency=("eu", "us")), Label(residency=("ch", "eu"))

    assert LATTICE.join(eu_us, eu_ch).residency == ("eu",)
    assert LATTICE.join(eu_us, USER).residency == ("eu", "us")
    assert LATTICE.join(eu_us, Label(residency=("ch",))).residency == ()


def test_more_sources_than_a_label_lists_are_many() -> None:
    some = [Label(sources=(f"s{number}",)) for number in range(MAX_SOURCES + 1)]
    joined = LATTICE.join_all(some)

    assert joined.sources == (MANY,)
    assert LATTICE.covers(joined, some[0])
