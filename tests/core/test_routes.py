import pytest

from harmonystate.core.routes import Box, Route, Target, target_of
from tests.support.alerts import raised

DEFAULT, GRAVE, NORTH = Target("1"), Target("2", role=9), Target("3")
CITY = Box(48.80, 2.25, 48.90, 2.45)


@pytest.mark.parametrize(
    ("route", "taken"),
    [
        (Route(GRAVE), True),
        (Route(GRAVE, max_score=0), False),
        (Route(GRAVE, max_score=1), True),
        (Route(GRAVE, area=CITY), True),
        (Route(GRAVE, area=CITY._replace(north=48.85)), False),
        (Route(GRAVE, area=CITY._replace(west=2.36)), False),
        (Route(GRAVE, max_score=0, area=CITY), False),
    ],
)
def test_a_route_takes_what_meets_all_its_conditions(route, taken):
    alert = raised(1, 1, 7)

    assert target_of(alert, [route], DEFAULT) == (GRAVE if taken else DEFAULT)


def test_the_first_route_that_takes_an_alert_says_where_it_goes():
    assert target_of(raised(1, 0), [Route(NORTH, area=CITY), Route(GRAVE, max_score=0)], DEFAULT) == NORTH


@pytest.mark.parametrize(("longitude", "inside"), [(179.0, True), (-179.0, True), (180.0, True), (0.0, False)])
def test_an_area_may_lie_across_the_180th_meridian(longitude, inside):
    assert Box(-10, 170, 10, -170).holds(0, longitude) == inside
