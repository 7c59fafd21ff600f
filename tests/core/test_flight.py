"""How drones fly: inside the city, smoothly, at 10 to 100 km/h. Distances by the haversine formula, not by ours."""

from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.chance import Chance
from harmonystate.core.flight import City, Flight

PARIS = City(48.8566, 2.3522, 12)
MINUTE, SECOND = 1 / 60, 1 / 3600
cities = st.builds(City, st.floats(-85, 85), st.floats(-180, 180), st.floats(0.05, 500))
drones, hours = st.integers(0, 2**31 - 1), st.floats(0, 24 * 366)


def flight(city: City = PARIS, key: str = "key") -> Flight:
    return Flight(city, Chance(key, "flight"))


def km_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    (lat1, lon1), (lat2, lon2) = (map(radians, place) for place in (one, other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * asin(min(1, sqrt(half)))


@given(cities, drones, hours)
def test_a_drone_never_leaves_the_city(city: City, drone: int, after: float):
    place = flight(city).position(drone, after)

    assert km_between(place, (city.latitude, city.longitude)) <= city.radius_km


def test_a_fleet_comes_near_the_city_s_edge_and_not_over_it():
    fly = flight()

    farthest = max(
        km_between(fly.position(drone, step * 0.37), (48.8566, 2.3522)) for drone in range(1_000) for step in range(100)
    )

    assert 11.6 < farthest <= 12


@given(cities, drones, hours)
def test_a_place_is_one_on_earth_to_a_centimetre(city: City, drone: int, after: float):
    latitude, longitude = flight(city).position(drone, after)

    assert -90 <= latitude <= 90
    assert -180 <= longitude <= 180
    assert (round(latitude, 7), round(longitude, 7)) == (latitude, longitude)


@given(drones, hours, st.sampled_from([SECOND, 10 * SECOND, MINUTE]))
def test_from_report_to_report_a_drone_flies_10_to_100_kmh(drone: int, after: float, interval: float):
    fly = flight()

    speed = km_between(fly.position(drone, after), fly.position(drone, after + interval)) / interval

    assert 10 <= speed <= 100


@given(cities, drones, hours, st.floats(SECOND, 24))
def test_nobody_is_ever_faster_than_100_kmh(city: City, drone: int, after: float, interval: float):
    fly = flight(city)

    assert km_between(fly.position(drone, after), fly.position(drone, after + interval)) <= 100 * interval


@given(drones, hours)
def test_a_drone_never_jumps_round_a_corner(drone: int, after: float):
    fly = flight()
    way = [fly.position(drone, after + step * SECOND) for step in range(4)]

    velocities = [
        ((to[0] - here[0]) * 111.195, (to[1] - here[1]) * 111.195 * cos(radians(48.8566))) for here, to in pairwise(way)
    ]

    # Within a second the velocity changes by less than 1 m/s, which is a leisurely turn.
    for (north, east), (later_north, later_east) in pairwise(velocities):
        assert sqrt((later_north - north) ** 2 + (later_east - east) ** 2) < 0.001


def test_a_fleet_is_all_over_the_city():
    places = [flight().position(drone, 0) for drone in range(400)]

    quarters = {(latitude > 48.8566, longitude > 2.3522) for latitude, longitude in places}
    away = [km_between(place, (48.8566, 2.3522)) for place in places]
    assert len(quarters) == 4
    assert len(set(places)) == 400
    assert min(away) < 3
    assert max(away) > 9


def test_another_key_makes_other_paths():
    assert flight(key="one").position(7, 1.5) != flight(key="other").position(7, 1.5)


@pytest.mark.parametrize("longitude", [179.99, -179.99])
def test_a_city_across_the_date_line_has_drones_on_both_sides(longitude: float):
    fly = flight(City(-17.8, longitude, 30))

    sides = {fly.position(drone, 0)[1] > 0 for drone in range(100)}

    assert sides == {True, False}
