"""Alerts to Discord, from any thread but that of hikari's event loop."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from datetime import datetime, timedelta

from harmonystate.config import DiscordSettings
from harmonystate.core.alert import RaisedAlert
from harmonystate.core.card import card_of
from harmonystate.core.delivery import Posted
from harmonystate.core.dispatch import Message, prefix_within
from harmonystate.edges.discord.channel import Channel, open_channel
from harmonystate.edges.discord.markdown import EMBED, LONGEST_EMBEDS, MOST_EMBEDS
from harmonystate.edges.discord.thread import running_loop
from harmonystate.errors import Misconfigured

# How far Discord's clock and ours may lie apart.
CLOCKS_DIFFER = timedelta(minutes=5)

Clock = Callable[[], datetime]


class DiscordSink:
    """Tells alerts in one channel."""

    def __init__(self, channel: Channel, loop: asyncio.AbstractEventLoop, now: Clock) -> None:
        self._channel = channel
        self._loop = loop
        self._now = now
        self.channel_id = str(channel.id)

    def fit(self, alerts: Sequence[RaisedAlert]) -> int:
        """Return how many cards, from the first on and at least one, a message can hold."""
        now = self._now()
        sizes = (card_of(raised, EMBED, now=now).size for raised in alerts)
        return prefix_within(sizes, most=MOST_EMBEDS, limit=LONGEST_EMBEDS)

    def post(self, message: Message) -> "Future[list[Posted]]":
        """Try once to post a message; what stands in the channel then may be an earlier one of the same nonce."""
        return asyncio.run_coroutine_threadsafe(self._channel.post(message), self._loop)

    def posted_since(self, moment: datetime) -> "Future[list[Posted]]":
        """Look up our messages in the channel, back to `moment` by either clock."""
        return asyncio.run_coroutine_threadsafe(self._channel.posted_since(moment - CLOCKS_DIFFER), self._loop)


def open_sink(settings: DiscordSettings, *, announce: bool, now: Clock) -> AbstractContextManager[DiscordSink]:
    """Stay connected to Discord while the body of a `with` runs.

    Args:
        settings: token and channel must both be named.
        announce: say "Online", and be seen at the gateway.
        now: the clock by which ages are told.

    Raises:
        Misconfigured: without token or channel, or when Discord refuses the token.
        Unavailable: within 15 s, when its REST address refuses or does not answer. Everything else is waited out.
    """
    if settings.token is None:
        raise Misconfigured("discord.token_file: no token: name its file, or set HARMONY_DISCORD__TOKEN")
    if settings.channel_id is None:
        raise Misconfigured("discord.channel_id: the bot has a token and no channel to tell alerts in")
    life = open_channel(settings, settings.channel_id, settings.token.get_secret_value(), announce=announce, now=now)
    return _opened(life, now)


@contextmanager
def _opened(life: AbstractAsyncContextManager[Channel], now: Clock) -> Iterator[DiscordSink]:
    with running_loop() as loop:
        channel = asyncio.run_coroutine_threadsafe(life.__aenter__(), loop).result()
        try:
            yield DiscordSink(channel, loop, now)
        finally:
            asyncio.run_coroutine_threadsafe(life.__aexit__(None, None, None), loop).result()
