from datetime import UTC, datetime
from math import cos, radians

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harmonystate.core.newest import Heard
from harmonystate.edges.page.drones import bounds

NOW = datetime(2026, 11, 24, tzinfo=UTC)
places = st.lists(st.tuples(st.floats(-80, 80), st.floats(-170, 170)), min_size=1, max_size=20)


def heard(latitude: float, longitude: float) -> Heard:
    return Heard(1, latitude, longitude, NOW, None)


@given(places)
@example([(32.0625, 0.0), (-2.2e-151, 0.0)])
def test_every_drone_is_inside_the_frame(where):
    west, east, south, north = bounds([heard(*place) for place in where])

    assert all(south <= latitude <= north and west <= longitude <= east for latitude, longitude in where)


def test_a_kilometre_is_as_long_in_both_directions():
    west, east, south, north = bounds([heard(48.80, 2.20), heard(48.95, 2.50)])

    assert (east - west) * cos(radians(48.88)) == pytest.approx(north - south, rel=0.01)


def test_the_frame_stays_while_drones_move_a_little():
    assert bounds([heard(48.80, 2.20), heard(48.95, 2.50)]) == bounds([heard(48.8004, 2.2003), heard(48.9497, 2.5)])
