from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.matchers import Matchers, parse_matchers
from harmonystate.core.silence import (
    Mute,
    Silence,
    active_at,
    decode_silence,
    parse_span,
    silence_of,
    silence_record,
    tombstones,
)
from tests.support.alerts import HEARD, raised
from tests.support.waiting import waiting

HOUR = timedelta(hours=1)


def silence(name="a", *typed, ends=HEARD + HOUR):
    return Silence(name, parse_matchers(typed or ["drone=7"]), HEARD, ends, "ada", "roadworks")


def test_a_silence_mutes_until_it_ends_and_not_at_its_end():
    one = silence()

    assert active_at(one.ends_at - timedelta(milliseconds=1), [one]) == (one,)
    assert active_at(one.ends_at, [one]) == ()


def test_the_first_that_matches_counts():
    drone, grave = silence("a"), silence("b", "max_score=0")

    assert silence_of(raised(1, 0), [grave, drone]) is grave
    assert silence_of(raised(1, 1), [grave, drone]) is drone
    assert silence_of(raised(1, 1, drone=8), [grave, drone]) is None


def test_who_is_silenced_has_the_silence_for_a_message():
    (muted,) = Mute().among([waiting(raised(1)), waiting(raised(2, drone=8))], [silence("s")])

    posted = muted.posted(HEARD)
    assert (posted.channel_id, posted.message_id, posted.kind) == ("silence", "s", "silenced")
    assert posted.alert_ids == {raised(1).alert_id}


def test_each_alert_is_looked_at_once_and_again_when_a_silence_is_made():
    looked_at = []

    class Seen:
        def __init__(self, item):
            self.item = item
            self.alert_id = item.alert_id

        @property
        def raised(self):
            looked_at.append(self.alert_id)
            return self.item.raised

    mute, eight = Mute(), Seen(waiting(raised(1, drone=8)))
    for _ in range(3):
        assert mute.among([eight], (silence(),)) == []
    assert len(looked_at) == 1

    assert mute.among([eight], (silence(), silence("b", "drone=8")))
    assert len(looked_at) == 2


def test_without_a_silence_nothing_is_looked_at():
    class Untouchable:
        pass

    assert Mute().among([Untouchable()], ()) == []


@given(
    st.lists(st.integers(0, 5), max_size=20),
    st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=3), max_size=4),
)
def test_everybody_is_either_audible_or_muted_by_one_silence(drones, silenced):
    waits = [waiting(raised(number, drone=drone), offset=number) for number, drone in enumerate(drones)]
    silences = [
        Silence(str(number), Matchers(drones=tuple(some)), HEARD, HEARD + HOUR, "ada")
        for number, some in enumerate(silenced)
    ]

    muted = [alert_id for one in Mute().among(waits, silences) for alert_id in one.alert_ids]

    expected = {item.alert_id for item in waits if any(item.drone_id in some for some in silenced)}
    assert len(muted) == len(set(muted))
    assert set(muted) == expected


def test_a_silence_is_read_as_it_was_written():
    one = silence("a", "person=Ada Byron", "area=48,2,49,3", "min_score=1")

    record = silence_record(one, topic="silence")

    assert (record.topic, record.key) == ("silence", b"a")
    assert decode_silence(record.value) == one


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_silence_mutes_nothing(value):
    assert decode_silence(value) is None


def test_what_ended_five_days_ago_is_taken_out_of_the_topic():
    old, recent = silence("old", ends=HEARD - timedelta(days=6)), silence("recent", ends=HEARD - timedelta(days=4))

    assert [(gone.key, gone.value) for gone in tombstones([old, recent], topic="silence", now=HEARD)] == [
        (b"old", None)
    ]


@pytest.mark.parametrize("text", ["", "0m", "1", "366d", "for ever"])
def test_a_silence_lasts_a_while_and_not_for_ever(text):
    with pytest.raises(ValueError, match="expected"):
        parse_span(text)
