import base64
import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.message import Form, Message, long_id, short_id
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
