import re
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonystate.core.card import Dialect, card_of, clean, colour_of, spell_age, spell_degrees
from tests.support.alerts import HEARD, alerts, as_raised, raised
from tests.support.strategies import names

PLAIN = Dialect(
    text=str, place=lambda latitude, longitude: f"{latitude} {longitude}", moment=lambda time: time.isoformat()
)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def fields_of(alert, dialect=PLAIN, after_s=1.84):
    return dict(card_of(alert, dialect, now=alert.alert.report.time + timedelta(seconds=after_s)).fields)


def test_a_card_says_all_of_an_alert_in_this_order():
    fields = fields_of(raised(1, 1, 7, 0))

    assert list(fields.items()) == [
        ("Drone", "7"),
        ("Position", "48.8566 2.3522"),
        ("Sad persons", "First0 Last0 (1), First2 Last2 (0)"),
        ("In contact with", "First1 Last1 (7)"),
        ("Key words", "queue, tax"),
        ("Date", "2026-11-24T16:38:17.123000+00:00\ndelivered 1.8 s after it was heard"),
    ]


def test_one_sad_person_is_singular():
    assert fields_of(raised(1, 0))["Sad person"] == "First0 Last0 (0)"


def test_a_field_with_nothing_in_it_says_so():
    calm = raised(1, 0).alert.report
    changed = {name: getattr(calm, name) for name in calm.__struct_fields__} | {"words": ()}

    fields = fields_of(as_raised(type(calm)(**changed), 2))

    assert (fields["In contact with"], fields["Key words"]) == ("nobody", "none")


def test_the_footer_bears_the_alert_s_id():
    alert = raised(1)

    card = card_of(alert, PLAIN, now=HEARD)

    assert (card.alert_id, card.footer) == (alert.alert_id, f"alert {alert.alert_id}")


def test_the_worst_score_colours_the_card_and_nothing_else_does():
    assert card_of(raised(1, 1, 0, 9), PLAIN, now=HEARD).colour == colour_of(0)
    assert len({colour_of(score) for score in (0, 1, 2)}) == 3
    assert {colour_of(score) for score in range(2, 11)} == {colour_of(2)}


@settings(max_examples=50)
@given(alerts(), st.integers(30, 1024))
def test_no_field_is_empty_or_longer_than_the_dialect_allows(alert, room):
    longest = 850 + room  # two names of 200 characters, both astral, and what is left out, always fit

    card = card_of(alert, PLAIN._replace(longest=longest), now=HEARD)

    assert all(field.name.strip() and field.value.strip() for field in card.fields)
    assert all(len(field.value.encode("utf-16-le")) // 2 <= longest for field in card.fields)


@settings(max_examples=50)
@given(alerts())
def test_a_cut_list_ends_between_two_persons_and_says_how_many_are_left_out(alert):
    whole = next(value for name, value in fields_of(alert).items() if name.startswith("Sad"))
    cut = next(value for name, value in fields_of(alert, PLAIN._replace(longest=900)).items() if name.startswith("Sad"))

    if cut != whole:
        shown, left_out = re.fullmatch(r"(.*), … and (\d+) more", cut).groups()
        assert whole.startswith(shown + ", ")
        spelt = [f"{clean(p.firstname)} {clean(p.lastname)} ({p.score})" for p in alert.alert.sad]
        assert shown == ", ".join(spelt[: len(alert.alert.sad) - int(left_out)])


@settings(max_examples=50)
@given(alerts())
def test_everybody_is_on_an_unlimited_card(alert):
    fields = fields_of(alert)

    told = sum(len(re.findall(r"\(\d+\)(?=, |$)", fields.get(name, ""))) for name in ("Sad person", "Sad persons"))
    assert told >= len(alert.alert.sad)


@given(names)
def test_a_clean_name_is_one_visible_line(name):
    cleaned = clean(name)

    assert cleaned
    assert cleaned == cleaned.strip()
    assert not set(cleaned) & set(BIDI + "\n\r\t")
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in cleaned)


@pytest.mark.parametrize("name", ["Zoë", "Łuczak", "O'Brien", "Nguyễn Thị", "李", "Jean-Luc"])
def test_a_real_name_is_left_as_it_is(name):
    assert clean(name) == name


@pytest.mark.parametrize(
    ("seconds", "spelt"),
    [
        *[(-5, "0.0 s"), (0, "0.0 s"), (0.04, "0.0 s"), (1.84, "1.8 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s")],
        *[(60, "1 min 0 s"), (200, "3 min 20 s"), (3599.6, "1 h 0 min"), (21780, "6 h 3 min"), (86400, "1 d 0 h")],
        *[(30 * 86400 + 5 * 3600, "30 d 5 h")],
    ],
)
def test_an_age_is_told_in_units_a_person_reads(seconds, spelt):
    assert spell_age(timedelta(seconds=seconds)) == spelt


@pytest.mark.parametrize(
    ("degrees", "spelt"), [(48.8566, "48.8566"), (-0.0, "0"), (-0.00000001, "0"), (90.0, "90"), (1e-06, "0.000001")]
)
def test_degrees_are_told_without_exponents(degrees, spelt):
    assert spell_degrees(degrees) == spelt


@given(st.floats(-180, 180))
def test_degrees_are_told_to_a_tenth_of_a_metre(degrees):
    assert float(spell_degrees(degrees)) == pytest.approx(degrees, abs=1e-6)
