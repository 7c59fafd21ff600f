"""In which servers channels are: a link to a message names it, and the record of a delivery does not.

Of links: https://discord.com/developers/docs/reference#message-formatting. One that names no server, or another one,
leads nowhere.
"""

import asyncio
from collections.abc import Iterable

import hikari
import structlog

from harmonystate.config import DiscordSettings
from harmonystate.edges.discord.faults import FAULTS, explain

# What a link has in a server's place for a channel that is in none.
DIRECT = "@me"
WITHIN_S = 8.0


def guilds_of(settings: DiscordSettings, channel_ids: Iterable[str]) -> dict[str, str]:
    """Return each channel's server, DIRECT for a direct one; what Discord does not tell is left out, and said."""
    if settings.token is None:
        _log().warning("messages have no link: no token is configured")
        return {}
    return asyncio.run(_ask(settings, settings.token.get_secret_value(), channel_ids))


async def _ask(settings: DiscordSettings, token: str, channel_ids: Iterable[str]) -> dict[str, str]:
    app = hikari.RESTApp(max_retries=0, url=(settings.rest_url or hikari.urls.REST_API_URL).rstrip("/"))
    await app.start()
    found = {}
    try:
        async with app.acquire(token, hikari.TokenType.BOT) as rest:
            for channel_id in channel_ids:
                try:
                    channel = await asyncio.wait_for(rest.fetch_channel(int(channel_id)), WITHIN_S)
                except FAULTS as fault:
                    because = str(explain(fault, int(channel_id)))
                    _log().warning("messages of a channel have no link", channel=channel_id, because=because)
                else:
                    found[channel_id] = str(channel.guild_id) if isinstance(channel, hikari.GuildChannel) else DIRECT
    finally:
        await app.close()
    return found


def _log() -> structlog.stdlib.BoundLogger:
    log: structlog.stdlib.BoundLogger = structlog.get_logger("harmony.discord")
    return log
