from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.heartbeat import KEY, Quiet, beat_of, decode_quiet, quiet_record
from tests.support.alerts import HEARD

AFTER = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


def beat(quiet, last, now, started=HEARD):
    return beat_of(quiet, last, started=started, now=now, after=AFTER)


def test_reports_that_come_need_no_word():
    assert beat(None, HEARD, HEARD + AFTER - SECOND) is None


def test_after_the_time_it_is_said_once():
    first = beat(None, HEARD, HEARD + AFTER)

    assert first.text == "No report for 10 min. Is `harmony produce` running?"
    assert first.quiet == Quiet(HEARD)
    assert beat(first.quiet, HEARD, HEARD + 10 * AFTER) is None


def test_when_they_come_again_it_is_said_once_and_for_how_long_none_came():
    back = beat(Quiet(HEARD), HEARD + 3 * AFTER, HEARD + 3 * AFTER + SECOND)

    assert (back.text, back.quiet) == ("Reports come again after 30 min without one.", None)
    assert beat(back.quiet, HEARD + 3 * AFTER, HEARD + 3 * AFTER + SECOND) is None


def test_one_that_came_and_was_the_last_again_ends_no_silence():
    assert beat(Quiet(HEARD), HEARD + SECOND, HEARD + SECOND + AFTER) is None


def test_where_there_never_was_a_report_the_time_counts_from_the_start():
    assert beat(None, None, HEARD + AFTER - SECOND) is None
    assert beat(None, None, HEARD + AFTER).quiet == Quiet(None)
    assert beat(Quiet(None), HEARD + 2 * AFTER, HEARD + 2 * AFTER).text == "Reports come again."


def test_every_instance_says_it_under_one_nonce_that_discord_takes():
    early = beat(None, HEARD, HEARD + AFTER)
    late = beat(None, HEARD, HEARD + AFTER + 20 * SECOND, started=HEARD - AFTER)
    again = beat(early.quiet, HEARD + 3 * AFTER, HEARD + 3 * AFTER)

    assert early.nonce == late.nonce != again.nonce
    assert max(map(len, (early.nonce, again.nonce))) <= 25


@given(st.lists(st.integers(1, 1500), min_size=1, max_size=40), st.integers(0, 1500))
def test_stop_and_again_take_turns_whatever_comes(gaps_s, rest_s):
    """Looked at every second; the longest gaps are told, each with its end, in turns."""
    reports, said, quiet = [0], [], None
    for gap in gaps_s:
        reports.append(reports[-1] + gap)
    for second in range(0, reports[-1] + rest_s, 30):
        last = max(at for at in reports if at <= second)
        if found := beat(quiet, HEARD + last * SECOND, HEARD + second * SECOND):
            quiet = found.quiet
            said.append(found.text.split()[0])

    assert all(one != other for one, other in pairwise(said))
    assert not said or said[0] == "No"
    assert said.count("No") >= sum(gap >= 630 for gap in gaps_s)


@pytest.mark.parametrize("quiet", [None, Quiet(None), Quiet(HEARD)])
def test_what_was_said_is_read_back(quiet):
    record = quiet_record(quiet, topic="silence")

    assert record.key == KEY
    assert decode_quiet(record.value) == quiet


@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff", b"[]"])
def test_what_is_none_of_it_is_as_if_nothing_had_been_said(value):
    assert decode_quiet(value) is None
