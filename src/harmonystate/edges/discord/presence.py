"""The gateway: the bot is seen to be there, and hears what people do. Alerts go by REST and do not wait for it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import hikari
import structlog

from harmonystate.edges.discord.faults import FAULTS

AGAIN_S = 60.0


async def be_present(token: str, rest_url: str | None, hear: Callable[[hikari.GatewayBot], None]) -> None:
    """Keep the bot connected to the gateway until cancelled; `hear` subscribes to what is told there.

    A gateway that refuses is tried again for ever, no more than once a minute: Discord counts the sessions of a day.
    """
    log = structlog.get_logger("harmony.alert-bot")
    while True:
        bot = hikari.GatewayBot(
            token,
            intents=hikari.Intents.NONE,
            cache_settings=hikari.impl.CacheSettings(components=hikari.api.CacheComponents.NONE),
            banner=None,
            logs=None,
            rest_url=rest_url,
            suppress_optimization_warning=True,
        )
        hear(bot)
        try:
            await bot.start(check_for_updates=False)
            await bot.join()
        except (*FAULTS, RuntimeError) as fault:
            log.warning("no gateway; alerts are told all the same", because=type(fault).__name__)
        finally:
            with suppress(hikari.ComponentStateConflictError):
                await bot.close()
        await asyncio.sleep(AGAIN_S)
