"""Takes cards and digests out of messages that were posted; what else a message shows stays.

A digest goes as a whole, with the other alerts that it tells of: its names stand in one text.
"""

import asyncio
from collections.abc import Collection, Iterable

import hikari

from harmonystate.config import DiscordSettings
from harmonystate.core.card import SEEN_AGAIN
from harmonystate.edges.discord.faults import FAULTS
from harmonystate.edges.discord.markdown import card_ids_in, listed_ids_in

WITHDRAWN = "This alert was withdrawn."
# One message; with the waits that Discord's own rate limit asks for.
MESSAGE_S = 60.0


def erase_cards(
    settings: DiscordSettings, messages: Iterable[tuple[int, int]], alert_ids: Collection[str]
) -> list[tuple[int, int]]:
    """Take the cards of these alerts out of our messages.

    Args:
        settings: with a token.
        messages: channel and message id of each.
        alert_ids: of the cards that go.

    Returns:
        the messages that still show them: Discord refused, or did not answer. One that is gone is none of them.
    """
    return asyncio.run(_erase_all(settings, list(messages), frozenset(alert_ids)))


async def _erase_all(
    settings: DiscordSettings, messages: list[tuple[int, int]], alert_ids: frozenset[str]
) -> list[tuple[int, int]]:
    assert settings.token is not None  # noqa: S101 - the caller has looked
    app = hikari.RESTApp(url=(settings.rest_url or hikari.urls.REST_API_URL).rstrip("/"))
    await app.start()
    left = []
    try:
        async with app.acquire(settings.token.get_secret_value(), hikari.TokenType.BOT) as rest:
            for channel, message in messages:
                try:
                    await asyncio.wait_for(_erase(rest, channel, message, alert_ids), MESSAGE_S)
                except hikari.NotFoundError:
                    continue
                except FAULTS:
                    left.append((channel, message))
    finally:
        await app.close()
    return left


async def _erase(rest: hikari.api.RESTClient, channel: int, message_id: int, alert_ids: frozenset[str]) -> None:
    message = await rest.fetch_message(channel, message_id)
    staying = [embed for embed in message.embeds if not _shows(embed, alert_ids)]
    if staying:
        await rest.edit_message(channel, message_id, embeds=staying)
    else:
        await rest.edit_message(channel, message_id, WITHDRAWN, embeds=[], components=[])


def _shows(embed: hikari.Embed, alert_ids: frozenset[str]) -> bool:
    """Say whether a card, or a digest, is of one of these alerts, or counts one of them."""
    listed = [embed.description, *(field.value for field in embed.fields if field.name == SEEN_AGAIN)]
    shown = card_ids_in(None, [embed.footer.text if embed.footer else None]) | listed_ids_in(listed)
    return bool(shown & alert_ids)
