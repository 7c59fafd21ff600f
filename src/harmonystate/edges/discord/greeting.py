"""Says "Online" in the channel, however long it takes."""

import asyncio
from uuid import uuid4

import structlog

from harmonystate.core.backoff import backoff
from harmonystate.core.message import Undelivered
from harmonystate.edges.discord.channels import Channels
from harmonystate.edges.discord.messages import Content
from harmonystate.errors import HarmonyError

ONLINE = "🟢 Online"


async def greet(channels: Channels, channel_id: int) -> None:
    """Say that the bot is there; alerts wait for no more than the first try."""
    nonce, waits = uuid4().hex[:25], backoff()
    while fault := await _try(channels, channel_id, nonce):
        await asyncio.sleep(max(next(waits), fault.wait_s or 0.0))


async def _try(channels: Channels, channel_id: int, nonce: str) -> Undelivered | None:
    """Return what keeps us from saying it, if trying again may help."""
    try:
        await channels.create(channel_id, Content(ONLINE), nonce=nonce)
    except Undelivered as fault:
        if not fault.refused:
            return fault
        structlog.get_logger("harmony.alert-bot").warning(f'Discord takes no "{ONLINE}"', because=str(fault))
    except HarmonyError:
        return None  # the next alert meets the same, and ends the process
    finally:
        channels.may_tell.set()
    return None
