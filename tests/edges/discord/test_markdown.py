import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonystate.core.card import Card, card_of, length
from harmonystate.core.digest import digests_of
from harmonystate.edges.discord.markdown import EMBED, TEXT, card_ids_in, escape, listed_ids_in, text_of
from tests.support.alerts import HEARD, alerts, hostile_names, raised
from tests.support.strategies import names

# What Discord takes a backslash off again, so that it is shown as it was.
UNESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")


def card(alert, dialect=EMBED) -> Card:
    return card_of(alert, dialect, now=alert.alert.report.time + timedelta(seconds=1.84))


def test_position_is_latitude_then_longitude_and_leads_to_a_map():
    position = dict(card(raised(1)).fields)["Position"]

    assert position == ("48.8566, 2.3522\n[map](https://osm.org/?mlat=48.8566&mlon=2.3522&zoom=16)")


def test_date_is_told_in_utc_and_in_the_reader_s_own_zone():
    assert dict(card(raised(1)).fields)["Date"] == (
        "2026-11-24 16:38:17 UTC, <t:1795538297>\ndelivered 1.8 s after it was heard"
    )


@given(st.one_of(names, hostile_names))
def test_what_is_escaped_is_shown_as_it_was(name):
    assert UNESCAPED.sub(r"\1", escape(name)) == name


@given(st.one_of(names, hostile_names))
def test_no_name_becomes_markup_a_link_or_a_mention(name):
    bare = re.sub(r"\\.", "", escape(name), flags=re.DOTALL)

    assert not set(bare) & set("*_~`|[]()<>#@:/\\")


@pytest.mark.parametrize("name", ["Jean-Luc", "O'Brien", "Zoë"])
def test_a_real_name_reads_as_it_is_written(name):
    assert UNESCAPED.sub(r"\1", escape(name)) == name


@settings(max_examples=50)
@given(alerts())
def test_every_alert_is_within_discord_s_limits_as_a_card_and_as_text_and_no_name_forges_an_id(alert):
    told, text = card(alert), text_of(card(alert, TEXT))

    assert all(1 <= length(field.value) <= 1024 for field in told.fields)
    assert told.size <= 6000
    assert length(text) <= 2000
    assert card_ids_in("Alert !", [told.footer]) == card_ids_in(text, []) == {alert.alert_id}


def test_a_message_without_ids_shows_none():
    other = raised(1).alert_id

    assert card_ids_in("🟢 Online", []) == frozenset()
    assert card_ids_in(None, [None, "", f"the alert {other}", other, f"alert {other} and more"]) == frozenset()


def test_ids_of_ten_cards_are_all_read():
    told = [raised(number) for number in range(10)]

    assert card_ids_in("Alert !", [card_of(each, EMBED, now=HEARD).footer for each in told]) == {
        a.alert_id for a in told
    }


def test_ids_of_a_digest_and_of_who_was_seen_again_are_read_back():
    told = [raised(number) for number in range(150)]
    digests = [digest.text for _, digest in digests_of(told, EMBED)]
    again = dict(card_of(told[0], EMBED, now=HEARD, again=told[1:4]).fields)["Seen again"]

    assert listed_ids_in(digests) == {each.alert_id for each in told}
    assert listed_ids_in([again]) == {each.alert_id for each in told[1:4]}
    assert listed_ids_in([None, "", "alerts", "alerts `x`", *(text + "\nmore" for text in digests)]) == frozenset()


@settings(max_examples=50)
@given(st.lists(alerts(), min_size=1, max_size=3))
def test_every_digest_is_within_discord_s_limits_and_no_name_forges_an_id(told):
    for count, digest in digests_of(told, EMBED):
        assert length(digest.title) <= 256
        assert length(digest.text) <= 4096
        assert digest.size <= 6000
        assert len(listed_ids_in([digest.text])) == count
    assert listed_ids_in(digest.text for _, digest in digests_of(told, EMBED)) == {each.alert_id for each in told}
