from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.buttons import Press, buttons_of, read_press, silence_id
from harmonystate.core.message import Form, Message
from tests.support.alerts import raised

drones = st.integers(0, 2**31 - 1)


def message(*of_drones, form=Form.CARD):
    return Message(tuple(raised(number, drone=drone) for number, drone in enumerate(of_drones)), form)


def presses(*of_drones):
    return [read_press(button.custom_id) for button in buttons_of(message(*of_drones))]


@given(st.lists(drones, min_size=1, max_size=10))
def test_a_button_says_all_that_its_press_means_within_a_hundred_characters(some):
    assert presses(*some) == [Press(), Press(tuple(dict.fromkeys(some)), timedelta(hours=1))]
    assert all(len(button.custom_id) <= 100 for button in buttons_of(message(*some)))


def test_the_largest_ids_of_ten_drones_fit():
    ids = [2**31 - 1 - number for number in range(10)]

    assert all(len(button.custom_id) <= 100 for button in buttons_of(message(*ids)))


def test_the_same_message_has_the_same_buttons():
    assert buttons_of(message(7, 8, 7)) == buttons_of(message(7, 8, 7))


@pytest.mark.parametrize("form", [Form.DIGEST, Form.TEXT])
def test_digests_and_text_have_no_buttons(form):
    assert buttons_of(message(7, form=form)) == ()


@pytest.mark.parametrize(
    "custom_id",
    [
        *("", "ack", "harmony0/ack", "harmony2/ack", "harmony1/ack/", "harmony1/silence/3600", "harmony1/silence/0/7"),
        *("harmony1/silence/-1/7", "harmony1/silence/x/7", "harmony1/silence/3600/", "harmony1/silence/3600/7..8"),
        *(
            "harmony1/silence/3600/-7",
            "harmony1/silence/3600/zzzzzzz",
            "harmony1/silence/99999999999999/7",
            "other/ack",
        ),
    ],
)
def test_what_is_no_button_of_ours_means_nothing(custom_id):
    assert read_press(custom_id) is None


@given(st.text(max_size=100))
def test_nothing_that_anybody_may_send_breaks_the_reading(custom_id):
    press = read_press(custom_id)

    assert press is None or press.lasts >= timedelta(0)


def test_one_message_makes_one_silence():
    assert silence_id("1") == silence_id("1") != silence_id("2")
