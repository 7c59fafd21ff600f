"""Posts a card marked TEST in every channel that alerts may go to, and says what keeps it from being seen."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import hikari

from harmonystate.config import DiscordSettings
from harmonystate.core.card import trial_card
from harmonystate.core.message import Undelivered
from harmonystate.edges.discord.channels import Channels
from harmonystate.edges.discord.connection import connect
from harmonystate.edges.discord.markdown import EMBED
from harmonystate.edges.discord.messages import Content, card_embed
from harmonystate.edges.discord.required import require_settings
from harmonystate.errors import Busy, HarmonyError, Misconfigured, Unavailable

CODES = "https://discord.com/developers/docs/topics/opcodes-and-status-codes"
TEST = "TEST: nobody is sad, please ignore this"


def post_trial_cards(settings: DiscordSettings) -> None:
    """Post one in the default channel and in each that a route names, one after the other.

    Raises:
        Misconfigured: without token or channel; when Discord refuses one of them, or does not show the card.
        Unavailable: when Discord does not answer.
        Busy: when it wants fewer messages.
    """
    channel_id, token = require_settings(settings)
    asyncio.run(_post_all(settings, channel_id, token))


async def _post_all(settings: DiscordSettings, channel_id: int, token: str) -> None:
    wanted = dict.fromkeys([channel_id, *(route.channel_id for route in settings.routes)])
    async with connect(settings, channel_id, token, announce=False, now=lambda: datetime.now(UTC)) as connection:
        for channel in wanted:
            await _post(connection.channels, channel)


async def _post(channels: Channels, channel_id: int) -> None:
    try:
        message = await channels.send(
            channel_id, Content(TEST, [card_embed(trial_card(EMBED))]), nonce=uuid4().hex[:25]
        )
    except Undelivered as fault:
        raise _explain(fault) from fault
    if not message.embeds:
        raise Misconfigured(f"Discord shows no card in channel {channel_id}: let the bot embed links there")


def _explain(fault: Undelivered) -> HarmonyError:
    """Return what keeps the card away; nobody waits for it."""
    said = str(fault) if str(fault).startswith("Discord") else f"Discord: {fault}"
    if fault.unknown:
        return Unavailable(f"{said}: try again, or look at its status page")
    cause = fault.__cause__
    if isinstance(cause, hikari.RateLimitTooLongError) or getattr(cause, "status", 0) == 429:
        return Busy(f"{said}: try again later")
    return Misconfigured(f"{said}: {CODES} lists the codes" if fault.refused else said)
