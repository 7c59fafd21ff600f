import base64
import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.message import Form, Message, link_of, long_id, short_id
from tests.support.alerts import raised


def test_the_nonce_is_the_first_alert_s_id_and_text_has_another():
    alert = raised(1)
    card, text = Message((alert, raised(2)), Form.CARD), Message((alert,), Form.TEXT)

    assert base64.urlsafe_b64decode(card.nonce + "==") == uuid.UUID(alert.alert_id).bytes
    assert len(card.nonce) == 22
    assert card.nonce == Message((alert,), Form.CARD_ALONE).nonce == Message((alert,), Form.DIGEST).nonce != text.nonce
    assert len(text.nonce) <= 25


@given(st.uuids())
def test_a_short_id_leads_back_to_the_whole_one(one):
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", short_id(str(one)))
    assert long_id(short_id(str(one))) == str(one)


def test_a_link_to_a_message_names_the_server_that_its_channel_is_in():
    assert link_of("12", "34", guild="5") == "https://discord.com/channels/5/12/34"
    assert link_of("12", "34", guild=None) == "channel 12, message 34"
