"""`alert-bot --test` against a Discord of our own; no Kafka is there, and none is asked."""

import hikari
import pytest

from harmonystate.commands.alert_bot import trial
from harmonystate.config import Config, DiscordSettings
from harmonystate.edges.local.ports import free_ports
from harmonystate.errors import Busy, Misconfigured, Unavailable
from tests.support.fake_discord import CHANNEL_ID, TOKEN, Answer
from tests.support.harmony import run_harmony
from tests.support.services import write_config

pytestmark = pytest.mark.services


def run(discord, sink=None, **changes):
    return trial.run(Config(discord=DiscordSettings(**{**discord.settings, **changes})), sink=sink)


def test_a_card_marked_test_stands_in_every_channel_that_alerts_may_go_to(discord):
    discord.channels = {CHANNEL_ID, 5}

    assert run(discord, routes=[{"channel_id": 5, "max_score": 0, "role_id": 6}]) == 0

    assert [message["channel_id"] for message in discord.messages] == [str(CHANNEL_ID), "5"]
    for message in discord.messages:
        assert message["content"].startswith("TEST")
        assert message["embeds"][0]["footer"]["text"].startswith("TEST")
        assert (message["components"], message["mention_roles"]) == ([], [])
    assert not discord.told()
    assert discord.sessions == []


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (Answer(status=403), Misconfigured, "^Discord: 403: let the bot see channel"),
        (Answer(status=404), Misconfigured, "^Discord: 404: no channel .* check discord.channel_id"),
        (Answer(status=400), Misconfigured, "^Discord refuses it .400, code .*status-codes"),
        (Answer(status=429), Busy, "^Discord: rate limit.* later"),
        (Answer(status=429, retry_after=None), Busy, "^Discord: rate limit.* later"),
        (Answer(status=502), Unavailable, "^Discord answers 502: try again"),
        (Answer(cut=True), Unavailable, "^Discord: no answer.* try again"),
    ],
)
def test_what_keeps_it_away_is_said_by_its_kind(discord, answer, kind, said):
    discord.always = answer

    with pytest.raises(kind, match=said):
        run(discord)

    assert len(discord.tries) == 1


@pytest.mark.parametrize(("theirs", "look_at"), [(True, "this host's network"), (False, "discord.rest_url")])
def test_a_discord_that_cannot_be_reached_is_looked_for_where_it_was_said_to_be(discord, monkeypatch, theirs, look_at):
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
    if theirs:
        monkeypatch.setattr(hikari.urls, "REST_API_URL", nobody)

    with pytest.raises(Unavailable, match=f"^no Discord at 127.0.0.1:.*check {look_at}"):
        run(discord, rest_url=None if theirs else nobody)


def test_without_a_token_it_stands_on_the_terminal(discord, capsys):
    assert run(discord, token=None) == 0

    assert "TEST" in capsys.readouterr().out
    assert discord.tries == []


def test_with_a_token_and_no_channel_it_says_which_key_is_missing(discord):
    with pytest.raises(Misconfigured, match=r"discord\.channel_id"):
        run(discord, channel_id=None)


def test_as_a_person_runs_it_without_kafka(discord, offline_config, tmp_path):
    variables = {"TOKEN": TOKEN, "CHANNEL_ID": str(CHANNEL_ID), "REST_URL": discord.url}
    named = {f"HARMONY_DISCORD__{name}": value for name, value in variables.items()}
    path = write_config(offline_config, tmp_path / "harmony.yaml")

    done = run_harmony(path, "alert-bot", "--test", **named)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(discord.messages) == 1
