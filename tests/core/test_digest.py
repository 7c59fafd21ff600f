from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonystate.core.card import Dialect, colour_of, spell_degrees
from harmonystate.core.digest import MOST_IN_DIGEST, Area, area_of, count_within, digests_of, span_of
from harmonystate.core.message import short_id
from tests.support.alerts import HEARD, alerts, raised

PLAIN = Dialect(text=str, place=lambda *of: " ".join(map(spell_degrees, of)), moment=lambda time: time.isoformat())


def test_a_digest_says_where_when_who_and_shows_the_id_of_every_alert():
    told = [raised(1, 1, 7, drone=7), raised(2, 1, 0, drone=9), raised(3, 1, drone=7)]

    ((count, digest),) = digests_of(told, PLAIN)

    assert count == 3
    assert digest.title == "3 alerts around 48.86, 2.35"
    assert digest.text.splitlines() == [
        "2026-11-24 16:35 to 16:40 UTC, from 2 drones",
        "Worst score 0. Sad: First1 Last1 (0), First0 Last0 (1)",
        "Around https://osm.org/?mlat=48.86&mlon=2.35&zoom=16",
        "alerts `" + " ".join(short_id(each.alert_id) for each in told) + "`",
    ]
    assert digest.colour == colour_of(0)


def test_one_alert_is_singular():
    ((_, digest),) = digests_of([raised(1)], PLAIN)

    assert digest.title == "1 alert around 48.86, 2.35"
    assert "from 1 drone\n" in digest.text


def test_alerts_of_another_area_or_five_minutes_are_told_apart():
    told = [raised(1), raised(2, latitude=48.87), raised(3, heard=HEARD + timedelta(minutes=5))]

    assert [count for count, _ in digests_of(told, PLAIN)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("latitude", "area"),
    [(48.8566, "48.86, 2.35"), (48.8549, "48.85, 2.35"), (-0.001, "0.00, 2.35"), (-90.0, "-90.00, 2.35")],
)
def test_an_area_is_named_by_its_middle(latitude, area):
    assert str(area_of(raised(1, latitude=latitude).alert.report)) == area


@given(st.floats(-90, 90))
def test_an_area_is_near_what_lies_in_it(latitude):
    area = area_of(raised(1, latitude=latitude).alert.report)

    assert abs(area.latitude / 100 - latitude) <= 0.005 + 1e-9


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 12, 31)))  # noqa: DTZ001
def test_five_minutes_begin_at_their_clock_s_fives(heard):
    heard = heard.replace(tzinfo=UTC)
    span = span_of(raised(1, heard=heard).alert.report)

    assert timedelta(0) <= heard - span < timedelta(minutes=5)
    assert (span.minute % 5, span.second, span.microsecond) == (0, 0, 0)


def test_a_crowd_is_told_in_several_digests_and_a_message_holds_whole_ones():
    told = [raised(number) for number in range(2 * MOST_IN_DIGEST + 5)]

    counts = [count for count, _ in digests_of(told, PLAIN)]

    assert counts == [MOST_IN_DIGEST, MOST_IN_DIGEST, 5]
    assert count_within(told, PLAIN, most=10, limit=5900) == MOST_IN_DIGEST
    assert count_within(told, PLAIN, most=10, limit=10_000) == len(told)
    assert count_within(told, PLAIN, most=1, limit=10_000) == MOST_IN_DIGEST
    assert count_within(told, PLAIN, most=10, limit=1) == MOST_IN_DIGEST


@settings(max_examples=50)
@given(st.lists(alerts(), min_size=1, max_size=12), st.integers(1, 10), st.integers(4000, 6000))
def test_a_message_of_digests_never_passes_the_limit(told, most, limit):
    count = count_within(told, PLAIN, most=most, limit=limit)

    digests = list(digests_of(told[:count], PLAIN))
    assert sum(number for number, _ in digests) == count >= 1
    assert len(digests) <= most
    assert sum(digest.size for _, digest in digests) <= limit


@settings(max_examples=50)
@given(st.lists(alerts(), min_size=1, max_size=12))
def test_every_alert_is_in_exactly_one_digest(told):
    shown = Counter(short for _, digest in digests_of(told, PLAIN) for short in digest.text.split("`")[-2].split(" "))

    assert shown == Counter(short_id(each.alert_id) for each in told)


def test_areas_compare_by_degrees():
    assert Area(4886, 235) == area_of(raised(1).alert.report)
