import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.dead_letter import Burial
from harmonystate.core.record import Place
from harmonystate.core.replay import Fate, Runs, fate_of, is_returned

SOURCES = frozenset({"global1", "global2", "alert"})
BURIAL = Burial(Place("global1", 3, 17), "stream-alerts", "no", "2026-11-24T16:00:00.000Z", None)

marked = st.dictionaries(st.integers(0, 300), st.booleans()).map(lambda letters: sorted(letters.items()))


@given(marked)
def test_the_note_names_exactly_the_letters_that_have_gone(letters: list[tuple[int, bool]]):
    runs = Runs(Runs.spell(letters))

    assert [(offset, offset in runs) for offset, _ in letters] == letters


def test_an_empty_note_names_nobody():
    assert Runs.spell([]) == Runs.spell([(3, False)]) == ""
    assert 0 not in Runs("")


def test_where_no_letter_stands_between_a_run_goes_on():
    assert Runs.spell([(5, True), (9, True), (12, False), (13, True)]) == "5+5,3+1"


@pytest.mark.parametrize(
    ("burial", "known", "fate"),
    [
        (BURIAL, {}, Fate.REPLAY),
        (BURIAL, {"replayed": True}, Fate.REPLAYED),
        (BURIAL, {"returned": True}, Fate.AGAIN),
        (BURIAL, {"returned": True, "again": True}, Fate.REPLAY),
        (BURIAL, {"returned": True, "again": True, "replayed": True}, Fate.REPLAYED),
        (BURIAL._replace(size=2_000_000), {"again": True}, Fate.CUT),
        (BURIAL._replace(place=Place("another", 0, 1)), {}, Fate.FOREIGN),
        (None, {}, Fate.FOREIGN),
    ],
)
def test_a_letter_goes_back_once_and_whole_and_not_in_circles(burial, known, fate):
    assert fate_of(burial, **({"replayed": False, "returned": False, "again": False} | known), sources=SOURCES) is fate


def test_a_record_that_was_sent_back_says_so():
    assert is_returned([("a", b"1"), ("harmony.replayed-from", b"dead-letter/0/1")])
    assert not is_returned([("harmony.stage", b"ingest")])
