"""People in the channel: they press buttons and type commands, and a Discord of our own holds us to its rules."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.config import DiscordSettings
from harmonystate.core.buttons import silence_id
from harmonystate.core.condition import Condition
from harmonystate.core.forgotten import id_of_name
from harmonystate.core.matchers import Matchers
from harmonystate.core.message import Edit, Form, Message
from harmonystate.core.ranking import Ranked
from harmonystate.core.silence import Silence
from harmonystate.edges.discord.sink import open_sink
from harmonystate.errors import Unavailable
from tests.support.alerts import HEARD, raised
from tests.support.discord_rules import told_in
from tests.support.fake_discord import CHANNEL_ID, custom_ids
from tests.support.kafka import wait_until

pytestmark = pytest.mark.services

HERE = str(CHANNEL_ID)
GREY = 0x9E9E9E


class Desk:
    """Answers at once, or says that nobody is there."""

    def __init__(self):
        self.wishes, self.made, self.fault, self.busy = [], [], None, None

    def silence(self, wish):
        if self.busy is not None:
            self.busy.wait(10)
        self.wishes.append(wish)
        if self.fault:
            raise self.fault
        silence = Silence(wish.identity or "new", wish.matchers, HEARD, HEARD + wish.lasts, wish.author, wish.comment)
        self.made.append(silence)
        return silence

    def silences(self):
        return self.made

    def condition(self):
        if self.fault:
            raise self.fault
        return Condition({"alert-bot": 1234}, HEARD, self.made)

    def saddest(self):
        return [Ranked(1, "Ada", "*Byron*", 12, 40, 0.3, 0.2)]


@pytest.fixture
def desk():
    return Desk()


@contextmanager
def bot(discord, desk, **changes):
    settings = DiscordSettings(**{**discord.settings, **changes})
    before = len(discord.sessions)
    with open_sink(settings, announce=True, now=lambda: datetime.now(UTC), desk=desk) as opened:
        wait_until(lambda: len(discord.sessions) > before, what="the gateway")
        yield opened


@pytest.fixture
def sink(discord, desk):
    with bot(discord, desk) as opened:
        yield opened


def post(sink, discord, *alerts, form=Form.CARD):
    (posted,) = sink.tell(HERE, Message(alerts or (raised(1, 0),), form)).result()
    return next(message for message in discord.messages if message["id"] == posted.message_id)


def is_marked(message):
    return lambda: "by " in message["content"]


def colours(message):
    return {embed["color"] for embed in message["embeds"]}


def test_cards_have_two_buttons_and_digests_and_text_none(discord, sink):
    card, digest, text = (
        post(sink, discord, raised(number), form=form)
        for number, form in enumerate((Form.CARD, Form.DIGEST, Form.TEXT))
    )

    assert [button["label"] for button in card["components"][0]["components"]] == ["Acknowledge", "Silence 1 h"]
    assert digest["components"] == text["components"] == []


def test_whoever_wants_no_buttons_has_none(discord, desk):
    with bot(discord, desk, buttons=False) as sink:
        assert post(sink, discord)["components"] == []


def test_acknowledged_a_message_says_by_whom_is_grey_and_has_no_buttons(discord, desk, sink):
    message = post(sink, discord, raised(1, 0), raised(2, 1, drone=8))
    shown = told_in(message)

    pressed = discord.press(message, custom_ids(message)[0], name="ada", nick="Ada *the* <@1>\nalert x")
    wait_until(is_marked(message), what="the mark")

    assert message["content"].splitlines()[0] == "Alert !"
    assert message["content"].splitlines()[1].startswith(r"acknowledged by Ada \*the\* \<\@1\> alert x, <t:")
    assert colours(message) == {GREY}
    assert message["components"] == []
    assert told_in(message) == shown
    assert (pressed.answered, pressed.late, pressed.followed) == ([6], 0, [])
    assert desk.wishes == []


def test_silenced_a_message_names_the_drones_of_all_its_cards(discord, desk, sink):
    message = post(sink, discord, raised(1, 0), raised(2, 1, drone=8))

    discord.press(message, custom_ids(message)[1], name="ada")
    wait_until(is_marked(message), what="the mark")

    (wish,) = desk.wishes
    assert (wish.matchers, wish.lasts, wish.author) == (Matchers(drones=(7, 8)), timedelta(hours=1), "ada")
    assert message["content"].startswith("Alert !\nsilenced for 1 h by ada, until <t:")
    assert message["content"].endswith(": drone 7, 8")
    assert (colours(message), message["components"]) == ({GREY}, [])


def test_pressed_by_two_at_once_both_are_named_and_the_silence_is_one(discord, desk, sink):
    message = post(sink, discord)
    desk.busy = threading.Event()
    ids = custom_ids(message)

    discord.press(message, ids[1], name="ada")
    discord.press(message, ids[1], name="bo")
    discord.press(message, ids[0], name="cy")
    desk.busy.set()
    wait_until(lambda: message["content"].count("\n") == 3, what="three lines")

    assert {wish.identity for wish in desk.wishes} == {silence_id(message["id"])}
    assert all(f"by {name}" in message["content"] for name in ("ada", "bo", "cy"))


def test_a_bot_that_was_not_there_when_the_message_was_posted_understands_its_buttons(discord, desk):
    with bot(discord, desk) as sink:
        message = post(sink, discord)
    with bot(discord, desk):
        discord.press(message, custom_ids(message)[1])
        wait_until(is_marked(message), what="the mark")

    assert desk.wishes[0].matchers == Matchers(drones=(7,))


def test_of_two_bots_one_answers(discord, desk):
    with bot(discord, desk) as sink, bot(discord, desk):
        message = post(sink, discord)
        pressed = discord.press(message, custom_ids(message)[0])
        wait_until(is_marked(message), what="the mark")
        wait_until(lambda: pressed.late == 1, what="the other answer")

    assert pressed.answered == [6]
    assert pressed.followed == []
    assert message["content"].count("acknowledged") == 1


def test_when_kafka_is_away_whoever_pressed_is_told_and_the_buttons_stay(discord, desk, sink):
    message = post(sink, discord)
    desk.fault = Unavailable("Kafka at 127.0.0.1:9 does not answer")

    pressed = discord.press(message, custom_ids(message)[1])
    wait_until(lambda: pressed.followed, what="the apology")

    assert "Kafka at 127" in pressed.followed[0]["content"]
    assert pressed.followed[0]["flags"] == 64
    assert len(custom_ids(message)) == 2
    assert message["content"] == "Alert !"


def test_a_slow_kafka_does_not_keep_the_answer(discord, desk, sink):
    message, desk.busy = post(sink, discord), threading.Event()

    pressed = discord.press(message, custom_ids(message)[1])
    wait_until(lambda: pressed.answered, within_s=3, what="the answer")

    assert message["content"] == "Alert !"
    desk.busy.set()
    wait_until(is_marked(message), what="the mark")


def test_whoever_is_seen_again_is_counted_on_the_grey_card_and_stays_there(discord, sink):
    first, again = raised(1), raised(2, heard=HEARD + timedelta(seconds=1))
    message = post(sink, discord, first)
    discord.press(message, custom_ids(message)[0])
    wait_until(is_marked(message), what="the mark")

    told = Message((first,), Form.CARD)
    sink.tell(HERE, Edit(message["id"], told, HEARD, {first.alert_id: (again,)}, (again,))).result()

    assert set(told_in(message)) == {first.alert_id, again.alert_id}
    assert colours(message) == {GREY}
    assert "acknowledged by" in message["content"]
    assert message["components"] == []


def test_a_mark_keeps_whoever_was_counted_since_the_press(discord, desk, sink):
    first, again = raised(1), raised(2, heard=HEARD + timedelta(seconds=1))
    message, desk.busy = post(sink, discord, first), threading.Event()
    discord.press(message, custom_ids(message)[1])

    told = Message((first,), Form.CARD)
    sink.tell(HERE, Edit(message["id"], told, HEARD, {first.alert_id: (again,)}, (again,))).result()
    desk.busy.set()
    wait_until(is_marked(message), what="the mark")

    assert set(told_in(message)) == {first.alert_id, again.alert_id}


def test_a_button_of_another_version_says_so_and_one_of_somebody_else_is_left_alone(discord, sink):
    message = post(sink, discord)
    row = message["components"][0]["components"]
    row[0]["custom_id"], row[1]["custom_id"] = "harmony9/ack", "lottery"

    other = discord.press(message, "lottery")
    pressed = discord.press(message, "harmony9/ack")
    wait_until(lambda: pressed.answered, what="the answer")

    assert "another version" in pressed.text
    assert other.answered == []
    assert message["content"] == "Alert !"


def test_the_commands_are_registered_at_the_start(discord, sink):
    wait_until(lambda: discord.people.commands, what="the commands")

    (command,) = discord.people.commands
    assert command["name"] == "harmony"
    assert [option["name"] for option in command["options"]] == ["status", "silence", "top"]
    silence = {option["name"] for option in command["options"][1]["options"]}
    assert silence == {"drone", "person", "area", "min_score", "max_score", "for", "comment"}


def test_whoever_may_register_none_tells_alerts_all_the_same(discord, desk):
    discord.people.refuse_commands = 403

    with bot(discord, desk) as sink:
        assert post(sink, discord)["content"] == "Alert !"


def answered(discord, name, **given):
    asked = discord.command(name, given=given)
    wait_until(lambda: asked.text, what="an answer")
    assert (asked.answered, asked.late) == ([5], 0)
    return asked.text


def test_status_tells_what_waits_and_what_is_silenced(discord, sink):
    text = answered(discord, "status")

    assert "≈ 1,234" in text
    assert f"<t:{int(HEARD.timestamp())}:R>" in text
    assert "Nothing is silenced." in text


def test_top_tells_the_last_list_without_markup_of_names(discord, sink):
    assert answered(discord, "top") == r"1. Ada \*Byron\*: sad in 12 of 40 sightings (30%)"


def test_silence_mutes_and_lists_and_names_nobody(discord, desk, sink):
    made = answered(discord, "silence", drone=7, person="Bo Li", comment="road works", **{"for": "30m"})
    listed = answered(discord, "silence")

    (wish,) = desk.wishes
    assert wish.matchers == Matchers(drones=(7,), persons=(id_of_name("Bo Li"),))
    assert (wish.lasts, wish.author, wish.comment) == (timedelta(minutes=30), "ada", "road works")
    assert made.startswith("Silenced by ada:")
    assert "drone=7" in listed
    assert "Bo" not in made + listed


@pytest.mark.parametrize(
    ("given", "said"),
    [({"drone": 7, "for": "soon"}, "duration"), ({"person": "Bo"}, "First Last"), ({"max_score": 11}, "score from 0")],
)
def test_what_cannot_be_silenced_is_said_to_whoever_asked(discord, desk, sink, given, said):
    assert said in answered(discord, "silence", **given).replace("\\", "")
    assert desk.made == []


def test_what_is_away_is_said_to_whoever_asked(discord, desk, sink):
    desk.fault = Unavailable("no Kafka at 127.0.0.1:9")

    assert answered(discord, "status") == r"no Kafka at 127.0.0.1\:9"
