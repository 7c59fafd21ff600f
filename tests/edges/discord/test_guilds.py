"""Which server a channel is in, asked of a Discord of our own."""

import pytest
from structlog.testing import capture_logs

from harmonystate.config import DiscordSettings
from harmonystate.edges.discord.guilds import guilds_of
from harmonystate.edges.local.ports import free_ports
from tests.support.fake_discord import CHANNEL_ID
from tests.support.fake_discord.answers import DIRECT_CHANNEL_ID, GUILD_ID

pytestmark = pytest.mark.services

HERE = str(CHANNEL_ID)


def test_a_channel_is_in_a_server_or_a_direct_one(discord):
    discord.channels.add(DIRECT_CHANNEL_ID)
    settings = DiscordSettings(**discord.settings)

    assert guilds_of(settings, [HERE, str(DIRECT_CHANNEL_ID)]) == {HERE: str(GUILD_ID), str(DIRECT_CHANNEL_ID): "@me"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token": None}, "no token"),
        ({"token": "Nw==.not.ours"}, "401"),
        ({"rest_url": f"http://127.0.0.1:{free_ports(1)[0]}"}, "no answer"),
    ],
    ids=["no token", "refused", "nobody there"],
)
def test_a_server_that_cannot_be_learnt_is_left_out_and_said(discord, changes, said):
    settings = DiscordSettings(**{**discord.settings, **changes})

    with capture_logs() as logs:
        assert guilds_of(settings, [HERE]) == {}

    (line,) = logs
    assert line["log_level"] == "warning"
    assert said in str(line)


def test_a_channel_that_is_gone_keeps_no_other_from_its_server(discord):
    with capture_logs() as logs:
        assert guilds_of(DiscordSettings(**discord.settings), ["7", HERE]) == {HERE: str(GUILD_ID)}

    assert [(line["channel"], "404" in line["because"]) for line in logs] == [("7", True)]
