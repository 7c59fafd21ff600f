"""The bot's sink against a Discord of our own: what it posts, and what it makes of each refusal."""

import copy
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings

from harmonystate.config import DiscordSettings
from harmonystate.core.digest import area_of, span_of
from harmonystate.core.message import Edit, Form, Message, Undelivered
from harmonystate.edges.discord import connection
from harmonystate.edges.discord.sink import open_sink
from harmonystate.edges.local.ports import free_ports
from harmonystate.errors import Misconfigured, Unavailable
from tests.support.alerts import alerts, raised
from tests.support.fake_discord import CHANNEL_ID, TOKEN, Answer, FakeDiscord
from tests.support.kafka import wait_until

pytestmark = pytest.mark.services

HERE = str(CHANNEL_ID)


def now():
    return datetime.now(UTC)


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

    (posted,) = sink.tell(HERE, cards(*told)).result()

    (message,) = discord.messages
    body, _ = discord.tries[0]
    assert message["content"] == "Alert !"
    assert [embed["footer"]["text"] for embed in message["embeds"]] == [f"alert {alert.alert_id}" for alert in told]
    assert posted.alert_ids == {alert.alert_id for alert in told}
    assert posted.message_id == message["id"]
    assert body["allowed_mentions"] == {"parse": []}
    assert (body["nonce"], body["enforce_nonce"]) == (cards(*told).nonce, True)


def test_every_field_is_on_the_card(discord, sink):
    sink.tell(HERE, cards(raised(1, 0))).result()

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
        both = [second, first]
        several = cards(*both[: sink.fit(both, Form.CARD)])
        in_digests = sorted(both, key=lambda raised: (span_of(raised.alert.report), area_of(raised.alert.report)))
        digest = Message(tuple(in_digests[: sink.fit(in_digests, Form.DIGEST)]), Form.DIGEST)
        for message in (Message((first,), Form.CARD), Message((first,), Form.TEXT, (4711,)), several, digest):
            wait_until(lambda: not sink.wait_s(HERE), within_s=5, what="a token", every_s=0.01)
            sink.tell(HERE, message).result()

    takes()

    assert {status for _, status in discord.tries} == {200}


def test_ten_small_cards_fit(sink):
    assert sink.fit([raised(number) for number in range(30)], Form.CARD) == 10


def test_of_large_cards_as_many_as_discord_takes_and_not_one_more(discord, sink):
    crowds = [raised(number, *[0] * 200, *[9] * 200) for number in range(10)]
    count = sink.fit(crowds, Form.CARD)

    sink.tell(HERE, cards(*crowds[:count])).result()

    with pytest.raises(Undelivered, match="400"):
        sink.tell(HERE, cards(*crowds[1 : count + 2])).result()
    assert [status for _, status in discord.tries] == [200, 400]


def test_the_same_nonce_gets_the_first_message_back_as_it_was(discord, sink):
    first, second = raised(1), raised(2)
    sink.tell(HERE, cards(first)).result()

    (posted,) = sink.tell(HERE, cards(first, second)).result()

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
        sink.tell(HERE, cards(raised(1))).result()

    assert (fault.value.refused, fault.value.unknown, fault.value.wait_s) == (refused, unknown, wait_s)
    assert len(discord.tries) == 1


def test_silence_is_an_unknown_outcome(discord, sink, monkeypatch):
    monkeypatch.setattr(connection, "REQUEST_S", 0.2)
    discord.script.append(Answer(delay_s=2))
    with (
        open_sink(settings_of(discord), announce=False, now=now) as hasty,
        pytest.raises(Undelivered, match="no answer") as fault,
    ):
        hasty.tell(HERE, cards(raised(1))).result()

    assert fault.value.unknown


def test_a_refused_token_ends_the_process(discord, sink):
    discord.script.append(Answer(status=401))

    with pytest.raises(Misconfigured, match="401"):
        sink.tell(HERE, cards(raised(1))).result()


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
def test_a_rate_limit_is_one_try_whoever_is_meant_by_it(discord, sink, scope):
    discord.script.append(Answer(status=429, retry_after=0.3, scope=scope))

    with pytest.raises(Undelivered, match="rate limit") as fault:
        sink.tell(HERE, cards(raised(1))).result()

    assert 0.2 < fault.value.wait_s <= 0.3
    assert not fault.value.unknown
    assert [status for _, status in discord.tries] == [429]


def test_a_global_limit_closes_every_channel(discord, sink):
    discord.script.append(Answer(status=429, retry_after=301, scope="global"))
    with pytest.raises(Undelivered):
        sink.tell(HERE, cards(raised(1))).result()

    assert 300 < sink.wait_s("4711") <= 301
    with pytest.raises(Undelivered) as fault:
        sink.tell("4711", cards(raised(2))).result()
    assert 300 < fault.value.wait_s <= 301
    assert len(discord.tries) == 1


@pytest.mark.parametrize("fixed", [False, True])
def test_whoever_asks_before_is_never_refused_for_rate(fixed):
    with (
        FakeDiscord(limit=5, window_s=0.3, fixed=fixed) as discord,
        open_sink(settings_of(discord), announce=False, now=now) as sink,
    ):
        for number in range(17):
            wait_until(lambda: not sink.wait_s(HERE), within_s=5, what="a token", every_s=0.01)
            sink.tell(HERE, cards(raised(number))).result(30)

        assert [status for _, status in discord.tries] == [200] * 17
        assert discord.too_often == 0


def test_whoever_does_not_ask_is_held_back_without_a_request():
    with (
        FakeDiscord(limit=2, window_s=30) as discord,
        open_sink(settings_of(discord), announce=False, now=now) as sink,
    ):
        for number in range(2):
            sink.tell(HERE, cards(raised(number))).result(30)
        with pytest.raises(Undelivered) as fault:
            sink.tell(HERE, cards(raised(3))).result()

        assert fault.value.wait_s > 25
        assert len(discord.tries) == 2


def test_a_message_whose_cards_are_not_shown_counts_as_refused(discord, sink, monkeypatch):
    monkeypatch.setattr(discord, "_message", lambda *of: {**FakeDiscord._message(discord, *of), "embeds": []})

    with pytest.raises(Undelivered, match="embed links") as fault:
        sink.tell(HERE, cards(raised(1))).result()

    assert fault.value.refused
    (posted,) = sink.tell(HERE, Message((raised(1),), Form.TEXT)).result()
    assert posted.alert_ids == {raised(1).alert_id}


def test_a_role_that_a_route_names_is_mentioned_and_nobody_else(discord, sink):
    told = raised(1, 0)

    for form in (Form.CARD, Form.TEXT):
        sink.tell(HERE, Message((told,), form, (4711, 4712))).result()

    for (body, _), message in zip(discord.tries, discord.messages, strict=True):
        assert body["content"].splitlines()[0] == "<@&4711> <@&4712> Alert !"
        assert body["allowed_mentions"]["parse"] == []
        assert sorted(body["allowed_mentions"]["roles"]) == sorted(message["mention_roles"]) == ["4711", "4712"]


def test_older_alerts_are_told_in_digests_that_show_the_ids_of_all(discord, sink):
    told = [raised(number, drone=number, latitude=48.85 + number % 3 / 100) for number in range(30)]
    told.sort(key=lambda alert: area_of(alert.alert.report))

    (posted,) = sink.tell(HERE, Message(tuple(told), Form.DIGEST)).result()

    (message,) = discord.messages
    assert message["content"] == "Earlier alerts"
    assert [embed["title"] for embed in message["embeds"]] == [
        f"10 alerts around 48.{hundredths}, 2.35" for hundredths in (85, 86, 87)
    ]
    assert (posted.alert_ids, posted.kind) == ({alert.alert_id for alert in told}, "digest")
    assert discord.told() == {alert.alert_id: 1 for alert in told}


def test_a_message_of_digests_holds_as_many_as_discord_takes(discord, sink):
    crowd = [raised(number, *[0] * 200, drone=number) for number in range(300)]
    count = sink.fit(crowd, Form.DIGEST)

    sink.tell(HERE, Message(tuple(crowd[:count]), Form.DIGEST)).result()

    assert count >= 140
    assert [status for _, status in discord.tries] == [200]


def test_whoever_is_seen_again_is_counted_on_the_card_that_stands_there(discord, sink):
    first, other, again = raised(1), raised(2, drone=8), raised(3)
    message = cards(first, other)
    (posted,) = sink.tell(HERE, message).result()
    before = copy.deepcopy(discord.messages[0]["embeds"])
    edit = Edit(posted.message_id, message, now(), {first.alert_id: (again,)}, (again,))

    (edited,) = sink.tell(HERE, edit).result()

    (standing,) = discord.messages
    *fields, seen_again = standing["embeds"][0]["fields"]
    assert [field["name"] for field in fields] == [field["name"] for field in before[0]["fields"]]
    assert seen_again["name"] == "Seen again"
    assert seen_again["value"].startswith("once, last 2026-11-24 16:38:17 UTC")
    assert edited.message_id == posted.message_id
    assert edited.alert_ids == {first.alert_id, other.alert_id, again.alert_id}
    assert edited.kind == "card"
    assert discord.told() == dict.fromkeys(edited.alert_ids, 1)
    assert [each.alert_ids for each in sink.posted_since(HERE, now()).result()] == [edited.alert_ids]


def test_a_card_takes_as_many_counts_as_discord_shows(discord, sink):
    first, again = raised(1), [raised(number) for number in range(2, 80)]
    (posted,) = sink.tell(HERE, cards(first)).result()

    def edit_of(count):
        return Edit(posted.message_id, cards(first), now(), {first.alert_id: tuple(again[:count])}, (again[0],))

    most = max(count for count in range(78) if sink.takes(edit_of(count)))

    sink.tell(HERE, edit_of(most)).result()
    wait_until(lambda: not sink.wait_s(HERE, edit_of(1)), what="a token")
    with pytest.raises(Undelivered, match="400"):
        sink.tell(HERE, edit_of(most + 3)).result()
    assert most > 30


def test_a_message_that_somebody_deleted_cannot_be_counted_on(discord, sink):
    with pytest.raises(Undelivered, match="10008") as fault:
        sink.tell(HERE, Edit("4711", cards(raised(1)), now(), {}, ())).result()

    assert fault.value.refused


def test_routes_lead_to_channels_of_their_own_each_with_its_history(discord):
    grave, north = CHANNEL_ID + 1, CHANNEL_ID + 2
    discord.channels |= {grave, north}
    area = {"south": 48.9, "west": 2, "north": 49, "east": 3}
    routes = [{"max_score": 0, "channel_id": grave, "role_id": 4711}, {"area": area, "channel_id": north}]
    told = [raised(1, 0), raised(2, 1, latitude=48.95), raised(3, 1)]
    with open_sink(settings_of(discord, routes=routes), announce=False, now=now) as sink:
        targets = [sink.target_of(alert) for alert in told]
        for target, alert in zip(targets, told, strict=True):
            sink.tell(target.channel_id, cards(alert)).result()
        found = [sink.posted_since(target.channel_id, now()).result() for target in targets]

    assert [(int(target.channel_id), target.role) for target in targets] == [
        (grave, 4711),
        (north, None),
        (CHANNEL_ID, None),
    ]
    assert [[each.alert_ids for each in here] for here in found] == [[{alert.alert_id}] for alert in told]
    assert [message["channel_id"] for message in discord.messages] == [target.channel_id for target in targets]


def test_the_history_goes_back_to_the_cards_that_may_be_counted_on(discord):
    with open_sink(settings_of(discord, repeat_interval="1h"), announce=False, now=now) as sink:
        sink.tell(HERE, cards(raised(1))).result()

        assert len(sink.posted_since(HERE, now() + timedelta(minutes=64)).result()) == 1
        assert len(sink.posted_since(HERE, now() + timedelta(minutes=66)).result()) == 0


def test_the_history_is_read_page_by_page_back_to_the_moment(discord, sink):
    told = [raised(number) for number in range(6)]
    for alert in told:
        sink.tell(HERE, cards(alert)).result()
        for _ in range(40):
            discord.say("somebody answers")
    long_ago = now() - timedelta(hours=1)

    found = sink.posted_since(HERE, long_ago).result()

    assert {alert_id for posted in found for alert_id in posted.alert_ids} == {alert.alert_id for alert in told}
    assert [query["limit"] for query in discord.reads] == ["100"] * 4
    assert sink.posted_since(HERE, now() + timedelta(hours=1)).result() == []


def test_the_history_before_the_moment_is_not_read(discord, sink):
    for _ in range(200):
        discord.say("long ago", timestamp="2015-06-29T14:38:17+00:00")
    sink.tell(HERE, cards(raised(1))).result()

    (posted,) = sink.posted_since(HERE, now() - timedelta(minutes=1)).result()

    assert posted.alert_ids == {raised(1).alert_id}
    assert len(discord.reads) == 1


def test_what_others_write_in_the_channel_proves_nothing(discord, sink):
    alert = raised(1)
    sink.tell(HERE, cards(alert)).result()
    discord.messages[0]["author"] = {**discord.messages[0]["author"], "id": "4711"}

    assert sink.posted_since(HERE, now() - timedelta(hours=1)).result() == []


def test_the_bot_says_that_it_is_there_before_it_tells_an_alert(discord):
    with open_sink(settings_of(discord), announce=True, now=now) as sink:
        sink.tell(HERE, cards(raised(1))).result()
        wait_until(lambda: discord.sessions, within_s=30, what="the bot at the gateway")

    assert [message["content"] for message in discord.messages] == ["🟢 Online", "Alert !"]


def test_with_the_gateway_refusing_alerts_are_told_and_online_is_said(discord):
    discord.gateway = False
    with open_sink(settings_of(discord), announce=True, now=now) as sink:
        sink.tell(HERE, cards(raised(1))).result()

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
    # And a Discord that is silent within 15 s, with Kafka asked before.
    assert connection.REQUIRE_S < 15
    (port,) = free_ports(1)
    nowhere = DiscordSettings(token=TOKEN, channel_id=CHANNEL_ID, rest_url=f"http://127.0.0.1:{port}")

    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"), open_sink(nowhere, announce=False, now=now):
        pass


def test_nothing_of_ours_runs_on_when_it_is_closed(discord):
    with open_sink(settings_of(discord), announce=True, now=now):
        wait_until(lambda: discord.sessions, within_s=30, what="the bot at the gateway")

    assert not [thread for thread in threading.enumerate() if thread.name == "discord"]
