"""Ids that a replay cannot change. The literals are what earlier releases wrote: they must never change."""

import hashlib
import uuid

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core import ids
from tests.support.strategies import report_ids

NAMESPACE = "6f1d2ad7-6b0f-5a55-9a0c-6d1a1e0f7c3b"


def name_based(name: str) -> str:
    """RFC 9562, section 5.5, by hand."""
    digest = bytearray(hashlib.sha1(uuid.UUID(NAMESPACE).bytes + name.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def test_ids_are_the_ones_that_earlier_releases_gave():
    assert ids.report_id("run", 7, 42) == "fd6e5dd1-a38f-51ca-be76-761429574316"
    assert ids.alert_id("0190a2f0-7c1d-7b3a-8f00-0123456789ab") == "3e0eebde-2da5-580c-a488-ac3171e413ab"
    assert ids.id_of_text('{"droneId":7}') == "2d6167bc-3cda-5d00-9db6-806b31cc2695"


@given(st.text(st.characters(codec="utf-8")), st.integers(0, 2**31 - 1), st.integers(0))
def test_a_report_id_is_made_of_run_drone_and_sequence(run: str, drone_id: int, sequence: int):
    assert ids.report_id(run, drone_id, sequence) == name_based(f"{run}/{drone_id}/{sequence}")


@given(report_ids)
def test_an_alert_id_is_made_of_the_report_id(of_report: str):
    assert ids.alert_id(of_report) == name_based(of_report)


@given(st.text(st.characters(codec="utf-8")))
def test_the_id_of_a_record_that_brought_none_is_made_of_its_text(text: str):
    assert ids.id_of_text(text) == name_based(text)


def test_neighbours_have_ids_of_their_own():
    made = [ids.report_id("run", drone, sequence) for drone in range(40) for sequence in range(40)]

    assert len(set(made)) == len(made)
