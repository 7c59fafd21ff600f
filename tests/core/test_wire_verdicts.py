"""A second reader of the contract's rules gives the same verdict on whatever a record may hold."""

import copy
import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from harmonystate.core.report import Report
from harmonystate.core.wire import NotAReport, decode_report
from tests.support.oracle import read_report
from tests.support.strategies import documents


def verdict(value: bytes | None) -> Report | None:
    """Return what decode_report says; anything but NotAReport fails the test."""
    try:
        return decode_report(value)
    except NotAReport:
        return None


junk = st.one_of(
    st.sampled_from([None, True, False, -1, 0, 1, 2, 1.0, 11, 90.5, 2**31, 2**64, 1e308, float("nan"), float("inf")]),
    st.sampled_from(["", "1", "x", "x" * 201, "é" * 200, "2026-11-24T16:38:17Z", "2026-11-24T16:38:17", [], {}, [[]]]),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=5),
)
spellings: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"ensure_ascii": False}, {"ensure_ascii": True}, {"indent": 1}, {"separators": (",", ":")}]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw a report with one to three faults (or none after all) of what its fields hold or are called."""
    whole = draw(documents())
    for _ in range(draw(st.integers(1, 3))):
        part: Any = draw(st.sampled_from([whole, *_parts(whole)]))
        key = draw(st.sampled_from(sorted(part))) if isinstance(part, dict) else draw(st.integers(0, len(part) - 1))
        if isinstance(part, dict) and draw(st.booleans()):
            value = part.pop(key)
            part |= draw(st.sampled_from([{}, {key.upper(): value}, {key + "s": value}]))
        else:
            part[key] = copy.deepcopy(draw(junk))
    return json.dumps(whole, **draw(spellings)).encode()


def _parts(whole: dict[str, Any]) -> list[Any]:
    """Return the parts of a document that still are dicts or lists, and not empty."""
    lists = [part for part in (whole.get("persons"), whole.get("words")) if isinstance(part, list)]
    return [
        part for part in [*lists, *(entry for part in lists for entry in part)] if part and type(part) in (dict, list)
    ]


@given(mutated())
def test_a_second_reader_of_the_rules_gives_the_same_verdict_on_mutated_reports(value: bytes):
    assert verdict(value) == read_report(value)


@given(documents(), spellings, st.data())
def test_a_second_reader_gives_the_same_verdict_on_damaged_bytes(
    whole: dict[str, Any], spelling: Any, data: st.DataObject
):
    value = bytearray(json.dumps(whole, **spelling).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(value) - 1))
        value[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))

    assert verdict(bytes(value)) == read_report(bytes(value))


tokens = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\",
    b",",
    b":",
    b" ",
    b"0",
    b"-",
    b"1e400",
    b"null",
    b'"droneId"',
    b"\xff",
    b"\0",
]


@given(st.one_of(st.binary(), st.lists(st.sampled_from(tokens)).map(b"".join)))
@example(b"\xef\xbb\xbf{}")
def test_arbitrary_bytes_are_not_a_report_and_nothing_worse(value: bytes):
    assert verdict(value) is None
