from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.forgotten import id_of_name
from harmonystate.core.matchers import Matchers, parse_matchers
from harmonystate.core.report import Person
from harmonystate.core.routes import Box
from tests.support.alerts import HEARD, alerts, as_raised, raised

scores = st.none() | st.integers(0, 10)
matchers = st.builds(
    Matchers,
    drones=st.lists(st.integers(0, 9), max_size=3).map(tuple),
    persons=st.lists(st.sampled_from(["Ada Byron", "Bo Li"]), max_size=2).map(
        lambda names: tuple(map(id_of_name, names))
    ),
    areas=st.just(()),
    min_score=scores,
    max_score=scores,
)


def about(*names_and_scores, drone=7, threshold=2):
    template = raised(1, drone=drone).alert.report
    persons = tuple(Person(*name.split(), score) for name, score in names_and_scores)
    return as_raised(msgspec.structs.replace(template, persons=persons), threshold)


def test_a_drone_is_muted_and_no_other():
    seven = parse_matchers(["drone=7"])

    assert seven.match(raised(1, drone=7))
    assert not seven.match(raised(1, drone=77))


def test_of_several_values_one_is_enough_and_of_several_names_all_must_be_met():
    both = parse_matchers(["drone=7", "drone=8", "min_score=1"])

    assert both.match(raised(1, 1, drone=7))
    assert both.match(raised(1, 1, drone=8))
    assert not both.match(raised(1, 0, drone=8))
    assert not both.match(raised(1, 1, drone=9))


def test_max_score_is_that_of_routes_and_min_score_keeps_the_grave_ones_audible():
    assert parse_matchers(["max_score=0"]).match(raised(1, 0, 1))
    assert not parse_matchers(["max_score=0"]).match(raised(1, 1))
    assert not parse_matchers(["min_score=1"]).match(raised(1, 1, 0))


def test_a_person_is_muted_however_a_producer_has_spelt_them():
    zoe = parse_matchers(["person= Zoë Byron"])

    assert zoe.match(about(("Zoe\u0308\u200b Byron", 1)))
    assert not zoe.match(about(("Zoe Byron", 1)))


def test_a_person_is_muted_only_where_nobody_else_is_sad():
    ada = parse_matchers(["person=Ada Byron"])

    assert ada.match(about(("Ada Byron", 1), ("Bo Li", 9)))
    assert not ada.match(about(("Ada Byron", 1), ("Bo Li", 0)))
    assert not ada.match(about(("Ada Byron", 9), ("Bo Li", 0)))
    assert parse_matchers(["person=Ada Byron", "person=Bo Li"]).match(about(("Ada Byron", 1), ("Bo Li", 0)))


def test_an_area_has_its_edges():
    area = parse_matchers(["area=48.8566,2.3522,48.9,2.4"])

    assert area.match(raised(1))
    assert not area.match(raised(1, latitude=48.85))


def test_no_name_is_kept():
    assert b"Ada" not in msgspec.json.encode(parse_matchers(["person=Ada Byron"]))
    assert "Byron" not in str(parse_matchers(["person=Ada Byron"]))


def test_what_is_shown_is_what_was_typed():
    typed = ["drone=7", "area=48.85,2.25,48.91,2.35", "area=-48.8566123,2,49,179.9999999", "min_score=1", "max_score=3"]

    assert str(parse_matchers(typed)).split() == typed


@given(st.tuples(*(st.floats(-most, most) for most in (90, 180, 90, 180))))
def test_an_area_that_is_typed_again_as_it_is_shown_is_the_same(corners):
    south, west, north, east = corners
    shown = Matchers(areas=(Box(min(south, north), west, max(south, north), east),))

    assert parse_matchers([str(shown)]) == shown


@pytest.mark.parametrize(
    "typed",
    [
        *([], [""], ["drone"], ["drone="], ["drone=-1"], ["drone=x"], ["drone=2147483648"], ["drone=1_0"]),
        *(["colour=red"], ["person=Ada"], ["max_score=11"], ["max_score=1", "max_score=2"], ["area=1,2,3"]),
        *(["area=49,2,48,3"], ["area=a,b,c,d"], ["area=nan,2,49,3"], ["area=48,2,49,181"]),
    ],
)
def test_whatever_is_no_matcher_is_refused(typed):
    with pytest.raises(ValueError, match=r"."):
        parse_matchers(typed)


@given(matchers, alerts())
def test_a_condition_more_never_mutes_more(some, alert):
    narrower = msgspec.structs.replace(some, max_score=min(some.max_score or 0, 5) if some.max_score is not None else 5)

    assert some.match(alert) or not narrower.match(alert)


@given(matchers, alerts())
def test_the_same_alert_heard_another_time_is_muted_just_so(some, alert):
    later = msgspec.structs.replace(alert, raised_at=HEARD + timedelta(days=3))

    assert some.match(alert) is some.match(later)


@given(matchers)
def test_matchers_are_read_as_they_were_written(some):
    assert msgspec.json.decode(msgspec.json.encode(some), type=Matchers) == some
