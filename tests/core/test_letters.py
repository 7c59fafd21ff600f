import codecs
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harmonystate.core.dead_letter import Burial
from harmonystate.core.letters import Choice, Letter, group, parse_at, spell_bytes
from harmonystate.core.record import Place

NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)


def letter(offset: int, stage: str = "ingest", fault: str = "not UTF-8 at byte 3", minutes: int = 0) -> Letter:
    burial = Burial(Place("global2", 0, offset), stage, fault, "", None)
    return Letter(Place("dead-letter", 1, offset), NOW + timedelta(minutes=minutes), burial, returned=False, size=3)


def test_letters_are_counted_by_stage_and_fault_whatever_byte_it_is_at():
    letters = [letter(0), letter(1, fault="not UTF-8 at byte 99", minutes=7), letter(2, stage="stream-alerts")]

    largest, other = group(letters)

    assert (largest.stage, largest.fault, largest.count) == ("ingest", "not UTF-8 at byte N", 2)
    assert (largest.first, largest.last) == (NOW, NOW + timedelta(minutes=7))
    assert (other.stage, other.count) == ("stream-alerts", 1)


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (Choice(), [0, 1, 2]),
        (Choice(stage="ingest"), [0, 1]),
        (Choice(since=NOW + timedelta(minutes=1)), [1, 2]),
        (Choice(at=frozenset({(1, 2), (0, 0)})), [2]),
        (Choice(stage="ingest", at=frozenset({(1, 2)})), []),
    ],
)
def test_a_choice_takes_what_fits_all_that_it_names(choice, taken):
    letters = [letter(0), letter(1, minutes=1), letter(2, stage="stream-alerts", minutes=2)]

    assert [one.place.offset for one in letters if choice.takes(one)] == taken


def test_a_place_is_a_partition_and_an_offset():
    assert parse_at("3:4711") == (3, 4711)


@pytest.mark.parametrize("text", ["", "3", "3:", ":1", "a:1", "1:1:1", "-1:1", "1:²", "1:" + "9" * 30])
def test_anything_else_is_no_place(text: str):
    with pytest.raises(ValueError, match="PARTITION:OFFSET"):
        parse_at(text)


@given(st.binary())
def test_bytes_are_shown_without_anything_that_could_steer_a_terminal(value: bytes):
    assert spell_bytes(value).isprintable()


def test_readable_text_is_shown_as_it_is():
    assert spell_bytes('{"firstname":"Zoë"}'.encode()) == '{"firstname":"Zoë"}'
    assert spell_bytes(b"\x1b[31m\xff\n") == "\\x1b[31m\\xff\\n"


@given(st.binary())
@example(b"\x1b")
@example(rb"\x1b")
@example(b"\x80")
@example("\x80".encode())
def test_what_is_shown_tells_which_bytes_they_were(value: bytes):
    meant, _ = codecs.escape_decode(spell_bytes(value).encode())  # type: ignore[attr-defined]

    assert meant == value
