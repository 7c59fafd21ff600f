import errno
import io
from datetime import timedelta

import pytest
from hypothesis import given, settings

from harmonystate.core.message import Form, Message
from harmonystate.edges.console.cards import CHANNEL, ConsoleSink
from tests.support.alerts import HEARD, alerts, raised


def printed(*told, after_s=1.84):
    file = io.StringIO()
    sink = ConsoleSink(now=lambda: HEARD + timedelta(seconds=after_s), file=file)
    posted = sink.tell(CHANNEL, Message(told, Form.CARD)).result()
    return file.getvalue(), posted


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    for name in ("FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def test_a_card_in_the_terminal_reads_like_this():
    text, _ = printed(raised(1, 1, 7, 0))

    assert text == (
        "╭─ Alert ! ────────────────────────────────────────────────────────────────────╮\n"
        "│ Drone            7                                                           │\n"
        "│ Position         48.8566, 2.3522                                             │\n"
        "│                  https://osm.org/?mlat=48.8566&mlon=2.3522&zoom=16           │\n"
        "│ Sad persons      First0 Last0 (1), First2 Last2 (0)                          │\n"
        "│ In contact with  First1 Last1 (7)                                            │\n"
        "│ Key words        queue, tax                                                  │\n"
        "│ Date             2026-11-24 16:38:17 UTC                                     │\n"
        "│                  delivered 1.8 s after it was heard                          │\n"
        f"╰───────────────────────────────── alert {raised(1).alert_id} ─╯\n"
    )


def test_each_alert_is_a_message_of_its_own_whose_id_is_the_alert_s():
    told = [raised(number) for number in range(3)]

    text, posted = printed(*told)

    assert [(each.message_id, each.alert_ids) for each in posted] == [(a.alert_id, {a.alert_id}) for a in told]
    assert text.count("Alert !") == 3


@settings(max_examples=30, deadline=None)
@given(alerts())
def test_no_name_reaches_the_terminal_s_controls(alert):
    text, _ = printed(alert)

    assert not [char for char in text if char != "\n" and (ord(char) < 32 or 127 <= ord(char) < 160)]
    assert alert.alert_id in text


def test_a_terminal_cannot_be_asked_what_it_has_shown():
    sink = ConsoleSink(now=lambda: HEARD, file=io.StringIO())

    assert sink.posted_since(CHANNEL, HEARD).result() == []
    assert sink.fit([raised(1)] * 3, Form.CARD) == 3


class GoneReader(io.StringIO):
    def write(self, _text):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_what_a_reader_that_went_away_did_not_get_is_not_told():
    sink = ConsoleSink(now=lambda: HEARD, file=GoneReader())

    for _ in range(2):
        with pytest.raises(BrokenPipeError, match="Broken pipe"):
            sink.tell(CHANNEL, Message((raised(1),), Form.CARD))
