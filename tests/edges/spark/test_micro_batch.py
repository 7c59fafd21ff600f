from hypothesis import given
from hypothesis import strategies as st

from harmonystate.edges.spark.micro_batch import PAGE_BYTES, PAGE_LETTERS, cut

MIB = 1024 * 1024

sizes = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 10_000)), st.sampled_from([0, 17, MIB, 3 * MIB, 40 * MIB]), max_size=60
).map(lambda places: [(*place, size) for place, size in sorted(places.items())])


@given(sizes)
def test_every_letter_is_on_one_page_in_order(letters):
    pages = list(cut(letters))

    found = [[letter for letter in letters if first <= letter[:2] <= last] for first, last in pages]
    assert [letter for page in found for letter in page] == letters


@given(sizes)
def test_a_page_fits_the_memory_unless_one_letter_alone_does_not(letters):
    for first, last in cut(letters):
        page = [letter for letter in letters if first <= letter[:2] <= last]
        assert len(page) == 1 or sum(size for _, _, size in page) <= PAGE_BYTES


def test_many_small_letters_are_several_pages():
    pages = list(cut((0, offset, 0) for offset in range(2 * PAGE_LETTERS + 1)))

    assert [last[1] - first[1] + 1 for first, last in pages] == [PAGE_LETTERS, PAGE_LETTERS, 1]


def test_no_letters_are_no_page():
    assert list(cut([])) == []
