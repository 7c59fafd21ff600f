"""Opens what the bot needs of Discord, and closes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import hikari

from harmonystate.config import DiscordSettings
from harmonystate.edges.discord.buckets import Buckets, install
from harmonystate.edges.discord.channels import Channels, Clock
from harmonystate.edges.discord.desk import Desk
from harmonystate.edges.discord.faults import refused_token
from harmonystate.edges.discord.greeting import greet
from harmonystate.edges.discord.presence import be_present
from harmonystate.edges.discord.presses import Presses
from harmonystate.edges.discord.slash import Slash
from harmonystate.errors import Misconfigured, Unavailable

# One request; below the 20 s that a stop leaves to the message in hand.
REQUEST_S = 12.0
# Whether somebody is there at all; with Kafka's own answer below 15 s.
REQUIRE_S = 8.0


class Connection(NamedTuple):
    """What the bot talks to."""

    channels: Channels
    buckets: Buckets


@asynccontextmanager
async def connect(
    settings: DiscordSettings, channel_id: int, token: str, *, announce: bool, now: Clock, desk: Desk | None = None
) -> AsyncIterator[Connection]:
    """Connect; `sink.open_sink` says the rest."""
    own_id = _own_id(token)
    url = (settings.rest_url or hikari.urls.REST_API_URL).rstrip("/")
    await _require(token, url)
    app = hikari.RESTApp(
        # A try is one request: what its failure means is decided in one place, not retried out of sight.
        max_retries=0,
        http_settings=hikari.impl.HTTPSettings(timeouts=hikari.impl.HTTPTimeoutSettings(total=REQUEST_S)),
        url=url,
    )
    buckets = install(app)
    await app.start()
    async with app.acquire(token, hikari.TokenType.BOT) as rest:
        channels = Channels(rest, own_id, now, buttons=settings.buttons)
        if announce:
            presence = be_present(token, url, partial(_hear, desk=desk, channels=channels))
            lives = [asyncio.create_task(greet(channels, channel_id)), asyncio.create_task(presence)]
        else:
            lives = []
            channels.may_tell.set()
        try:
            yield Connection(channels, buckets)
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
            await app.close()


def _hear(bot: hikari.GatewayBot, *, desk: Desk | None, channels: Channels) -> None:
    """Let people press buttons and type commands, when there is somebody to ask."""
    if desk is None:
        return
    slash = Slash(desk)
    bot.subscribe(hikari.ShardReadyEvent, slash.register)
    bot.subscribe(hikari.CommandInteractionCreateEvent, slash.hear)
    bot.subscribe(hikari.ComponentInteractionCreateEvent, Presses(desk, channels).hear)


async def _require(token: str, url: str) -> None:
    """Ask once, without hikari's own patience: refused, silent, or there.

    Raises:
        Unavailable: when nobody answers; a 5xx or 429 is an answer, and waited out later.
        Misconfigured: when the token is refused.
    """
    timeout = aiohttp.ClientTimeout(total=REQUIRE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers={"Authorization": f"Bot {token}"}) as session,
            session.get(f"{url}/gateway/bot") as answer,
        ):
            if answer.status == 401:
                raise refused_token()
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        is_theirs = url == hikari.urls.REST_API_URL
        look_at = "this host's network, firewall and proxy" if is_theirs else "discord.rest_url"
        raise Unavailable(f"no Discord at {urlsplit(url).netloc}: {type(fault).__name__}: check {look_at}") from None


def _own_id(token: str) -> int:
    try:
        return hikari.applications.get_token_id(token)
    except ValueError:
        raise Misconfigured("discord: the token is not a bot's: check HARMONY_DISCORD__TOKEN or token_file") from None
