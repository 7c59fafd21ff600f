"""The bot's sink against a Discord of our own: what it posts, and what it makes of each refusal."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings

from harmonystate.config import DiscordSettings
from harmonystate.core.dispatch import Form, Message, Undelivered
from harmonystate.edges.discord import channel as channels
from harmonystate.edges.discord.sink import open_sink
from harmonystate.edges.local.ports import free_ports
from harmonystate.errors import Misconfigured, Unavailable
from tests.support.alerts import alerts, raised
from tests.support.fake_discord import CHANNEL_ID, TOKEN, Answer, FakeDiscord
from tests.support.kafka import wait_until


def now():
    return datetime.now(UTC)


@pytest.fixture
def discord():
    with FakeDiscord() as fake:
        yield fake


@pytest.fixture
def sink(discord):
    with open_sink(settings_of(discord), announce=False, now=now) as opened:
        yield opened


def settings_of(discord, **changes):
    return DiscordSettings(**{**discord.settings, **changes})


def cards(*told):
    return Message(told, Form.CARD)


def test_a_message_has_a_card_for_each_alert_and_mentions_nobody(discord, sink):
    told = [raised(number, 0, 5) for number in range(3)]

    (posted,) = sink.post(cards(*told)).result()

    (message,) = discord.messages
    body, _ = discord.tries[0]
    assert message["content"] == "Alert !"
    assert [embed["footer"]["text"] for embed in message["embeds"]] == [f"alert {alert.alert_id}" for alert in told]
    assert posted.alert_ids == {alert.alert_id for alert in told}
    assert posted.message_id == message["id"]
    assert body["allowed_mentions"] == {"parse": []}
    assert (body["nonce"], body["enforce_nonce"]) == (cards(*told).nonce, True)


def test_every_field_is_on_the_card(discord, sink):
    sink.post(cards(raised(1, 0))).result()

    assert [(field["name"], field["value"]) for field in discord.messages[0]["embeds"][0]["fields"]][:5] == [
        ("Drone", "7"),
        (
            "Position",
            "48.8566, 2.3522\n[map](https://osm.org/?mlat=48.8566&mlon=2.3522&zoom=16)",
        ),
        ("Sad person", "First0 Last0 (0)"),
        ("In contact with", "nobody"),
        ("Key words", "queue, tax"),
    ]


def test_discord_takes_whatever_alerts_hold(discord, sink):
    @settings(max_examples=20, deadline=None)
    @given(alerts(), alerts())
    def takes(first, second):
        for form in (Form.CARD, Form.TEXT):
            sink.post(Message((first,), form)).result()
        both = [second, first]
        sink.post(cards(*both[: sink.fit(both)])).result()

    takes()

    assert {status for _, status in discord.tries} == {200}


def test_ten_small_cards_fit(sink):
    assert sink.fit([raised(number) for number in range(30)]) == 10


def test_of_large_cards_as_many_as_discord_takes_and_not_one_more(discord, sink):
    crowds = [raised(number, *[0] * 200, *[9] * 200) for number in range(10)]
    count = sink.fit(crowds)

    sink.post(cards(*crowds[:count])).result()

    with pytest.raises(Undelivered, match="400"):
        sink.post(cards(*crowds[1 : count + 2])).result()
    assert [status for _, status in discord.tries] == [200, 400]


def test_the_same_nonce_gets_the_first_message_back_as_it_was(discord, sink):
    first, second = raised(1), raised(2)
    sink.post(cards(first)).result()

    (posted,) = sink.post(cards(first, second)).result()

    assert posted.alert_ids == {first.alert_id}
    assert len(discord.messages) == 1


@pytest.mark.parametrize(
    ("answer", "refused", "unknown", "wait_s"),
    [
        (Answer(status=400), True, False, None),
        (Answer(status=413), True, False, None),
        (Answer(status=403), False, False, 60),
        (Answer(status=404), False, False, 60),
        (Answer(status=405), False, False, 60),
        (Answer(status=429, retry_after=301), False, False, 301),
        (Answer(status=429, retry_after=None), False, False, None),
        (Answer(status=500), False, True, None),
        (Answer(status=502), False, True, None),
        (Answer(cut=True), False, True, None),
    ],
)
def test_what_each_refusal_means(discord, sink, answer, refused, unknown, wait_s):
    discord.script.append(answer)

    with pytest.raises(Undelivered) as fault:
        sink.post(cards(raised(1))).result()

    assert (fault.value.refused, fault.value.unknown, fault.value.wait_s) == (refused, unknown, wait_s)
    assert len(discord.tries) == 1


def test_silence_is_an_unknown_outcome(discord, sink, monkeypatch):
    monkeypatch.setattr(channels, "REQUEST_S", 0.2)
    discord.script.append(Answer(delay_s=2))
    with (
        open_sink(settings_of(discord), announce=False, now=now) as hasty,
        pytest.raises(Undelivered, match="no answer") as fault,
    ):
        hasty.post(cards(raised(1))).result()

    assert fault.value.unknown


def test_a_refused_token_ends_the_process(discord, sink):
    discord.script.append(Answer(status=401))

    with pytest.raises(Misconfigured, match="401"):
        sink.post(cards(raised(1))).result()


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
def test_a_short_rate_limit_is_waited_out_without_a_second_message(discord, sink, scope):
    discord.script.append(Answer(status=429, retry_after=0.1, scope=scope))

    (posted,) = sink.post(cards(raised(1))).result(30)

    assert posted.alert_ids
    assert [status for _, status in discord.tries][-1] == 200
    assert len(discord.messages) == 1


def test_after_the_first_answer_the_channel_s_limit_is_kept():
    with (
        FakeDiscord(limit=5, window_s=1.0) as discord,
        open_sink(settings_of(discord), announce=False, now=now) as sink,
    ):
        for number in range(12):
            sink.post(cards(raised(number))).result(30)

        assert [status for _, status in discord.tries] == [200] * 12


def test_a_message_whose_cards_are_not_shown_counts_as_refused(discord, sink, monkeypatch):
    monkeypatch.setattr(discord, "_message", lambda body, at: {**FakeDiscord._message(discord, body, at), "embeds": []})

    with pytest.raises(Undelivered, match="embed links") as fault:
        sink.post(cards(raised(1))).result()

    assert fault.value.refused
    (posted,) = sink.post(Message((raised(1),), Form.TEXT)).result()
    assert posted.alert_ids == {raised(1).alert_id}


def test_the_history_is_read_page_by_page_back_to_the_moment(discord, sink):
    told = [raised(number) for number in range(6)]
    for alert in told:
        sink.post(cards(alert)).result()
        for _ in range(40):
            discord.say("somebody answers")
    long_ago = now() - timedelta(hours=1)

    found = sink.posted_since(long_ago).result()

    assert {alert_id for posted in found for alert_id in posted.alert_ids} == {alert.alert_id for alert in told}
    assert [query["limit"] for query in discord.reads] == ["100"] * 4
    assert sink.posted_since(now() + timedelta(hours=1)).result() == []


def test_the_history_before_the_moment_is_not_read(discord, sink):
    for _ in range(200):
        discord.say("long ago", timestamp="2015-06-29T14:38:17+00:00")
    sink.post(cards(raised(1))).result()

    (posted,) = sink.posted_since(now() - timedelta(minutes=1)).result()

    assert posted.alert_ids == {raised(1).alert_id}
    assert len(discord.reads) == 1


def test_what_others_write_in_the_channel_proves_nothing(discord, sink):
    alert = raised(1)
    sink.post(cards(alert)).result()
    discord.messages[0]["author"] = {**discord.messages[0]["author"], "id": "4711"}

    assert sink.posted_since(now() - timedelta(hours=1)).result() == []


def test_the_bot_says_that_it_is_there_before_it_tells_an_alert(discord):
    with open_sink(settings_of(discord), announce=True, now=now) as sink:
        sink.post(cards(raised(1))).result()
        wait_until(lambda: discord.sessions, within_s=30, what="the bot at the gateway")

    assert [message["content"] for message in discord.messages] == ["🟢 Online", "Alert !"]


def test_with_the_gateway_refusing_alerts_are_told_and_online_is_said(discord):
    discord.gateway = False
    with open_sink(settings_of(discord), announce=True, now=now) as sink:
        sink.post(cards(raised(1))).result()

    assert [message["content"] for message in discord.messages] == ["🟢 Online", "Alert !"]
    assert not discord.sessions


def test_online_is_said_once_and_late_when_discord_fails_at_first(discord):
    discord.script.append(Answer(status=503))
    with open_sink(settings_of(discord), announce=True, now=now):
        wait_until(lambda: discord.messages, within_s=30, what="Online")

    assert [message["content"] for message in discord.messages] == ["🟢 Online"]
    assert [status for _, status in discord.tries] == [503, 200]


def test_without_a_channel_or_with_a_token_of_no_bot_the_config_is_wrong(discord):
    with pytest.raises(Misconfigured, match="channel_id"):
        open_sink(settings_of(discord, channel_id=None), announce=False, now=now)
    with (
        pytest.raises(Misconfigured, match="token") as fault,
        open_sink(settings_of(discord, token="canary"), announce=False, now=now),
    ):
        pass
    assert "canary" not in str(fault.value)


def test_a_token_that_discord_does_not_know_is_refused_at_the_start(discord):
    other = TOKEN.replace("fake", "feke")

    with (
        pytest.raises(Misconfigured, match="401") as fault,
        open_sink(settings_of(discord, token=other), announce=False, now=now),
    ):
        pass
    assert other not in str(fault.value)


def test_nobody_there_is_said_within_seconds():
    (port,) = free_ports(1)
    nowhere = DiscordSettings(token=TOKEN, channel_id=CHANNEL_ID, rest_url=f"http://127.0.0.1:{port}")

    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"), open_sink(nowhere, announce=False, now=now):
        pass


def test_nothing_of_ours_runs_on_when_it_is_closed(discord):
    with open_sink(settings_of(discord), announce=True, now=now):
        wait_until(lambda: discord.sessions, within_s=30, what="the bot at the gateway")

    assert not [thread for thread in threading.enumerate() if thread.name == "discord"]
