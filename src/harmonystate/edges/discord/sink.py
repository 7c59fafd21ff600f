"""Alerts to Discord, from any thread but that of hikari's event loop."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from datetime import datetime, timedelta

from harmonystate.config import DiscordSettings, RouteSettings
from harmonystate.core.alert import RaisedAlert
from harmonystate.core.card import card_of, length
from harmonystate.core.delivery import Posted
from harmonystate.core.digest import count_within
from harmonystate.core.dispatch import prefix_within
from harmonystate.core.message import Edit, Form, Message
from harmonystate.core.routes import Box, Route, Target, target_of
from harmonystate.edges.discord.channels import Clock
from harmonystate.edges.discord.connection import Connection, connect
from harmonystate.edges.discord.desk import Desk
from harmonystate.edges.discord.markdown import EMBED, LONGEST_EMBEDS, LONGEST_VALUE, MOST_EMBEDS
from harmonystate.edges.discord.messages import cards_of
from harmonystate.edges.discord.required import require_settings
from harmonystate.edges.discord.thread import running_loop

# How far Discord's clock and ours may lie apart.
CLOCKS_DIFFER = timedelta(minutes=5)


class DiscordSink:
    """Tells alerts in the channels that the routes name."""

    limited = True

    def __init__(
        self, connection: Connection, settings: DiscordSettings, loop: asyncio.AbstractEventLoop, now: Clock
    ) -> None:
        self._channels, self._buckets = connection
        self._loop = loop
        self._now = now
        self._routes = [_route_of(route) for route in settings.routes]
        self._default = Target(str(settings.channel_id))
        # Whoever is counted on a card stands in a message that is so much older.
        self._before = CLOCKS_DIFFER + (settings.repeat_interval or timedelta(0))
        self.repeat_interval = settings.repeat_interval

    def target_of(self, raised: RaisedAlert) -> Target:
        """Return where an alert is told."""
        return target_of(raised, self._routes, self._default)

    def fit(self, alerts: Sequence[RaisedAlert], form: Form) -> int:
        """Return how many alerts, from the first on and at least one, a message can hold."""
        if form is Form.DIGEST:
            return count_within(alerts, EMBED, most=MOST_EMBEDS, limit=LONGEST_EMBEDS)
        now = self._now()
        sizes = (card_of(raised, EMBED, now=now).size for raised in alerts)
        return prefix_within(sizes, most=MOST_EMBEDS, limit=LONGEST_EMBEDS)

    def takes(self, edit: Edit) -> bool:
        """Say whether the cards of a message still fit when they are changed so."""
        cards = list(cards_of(edit))
        values = [value for card in cards for _, value in card.fields]
        return sum(card.size for card in cards) <= LONGEST_EMBEDS and max(map(length, values)) <= LONGEST_VALUE

    def wait_s(self, channel_id: str, told: Message | Edit | None = None) -> float:
        """Return how long to wait before this, or some message, may be told; 0 = now."""
        return self._buckets.wait_s("PATCH" if isinstance(told, Edit) else "POST", channel_id)

    def tell(self, channel_id: str, told: Message | Edit) -> "Future[list[Posted]]":
        """Try once to post or change a message; what stands there then may be an earlier one of the same nonce."""
        channel = int(channel_id)
        job = self._channels.edit(channel, told) if isinstance(told, Edit) else self._channels.post(channel, told)
        return asyncio.run_coroutine_threadsafe(job, self._loop)

    def say(self, text: str, nonce: str) -> "Future[list[Posted]]":
        """Try once to say something that is no alert, where alerts go that no route takes."""
        job = self._channels.say(int(self._default.channel_id), text, nonce=nonce)
        return asyncio.run_coroutine_threadsafe(job, self._loop)

    def posted_since(self, channel_id: str, moment: datetime) -> "Future[list[Posted]]":
        """Look up our messages in the channel that may show an alert raised at `moment` or later, by either clock."""
        job = self._channels.posted_since(int(channel_id), moment - self._before)
        return asyncio.run_coroutine_threadsafe(job, self._loop)


def open_sink(
    settings: DiscordSettings, *, announce: bool, now: Clock, desk: Desk | None = None
) -> AbstractContextManager[DiscordSink]:
    """Stay connected to Discord while the body of a `with` runs.

    Args:
        settings: token and channel must both be named.
        announce: say "Online", and be seen at the gateway.
        now: the clock by which ages are told.
        desk: who answers what people in the channel ask for.

    Raises:
        Misconfigured: without token or channel, or when Discord refuses the token.
        Unavailable: within 15 s, when its REST address refuses or does not answer. Everything else is waited out.
    """
    channel_id, token = require_settings(settings)
    life = connect(settings, channel_id, token, announce=announce, now=now, desk=desk)
    return _opened(life, settings, now)


@contextmanager
def _opened(
    life: AbstractAsyncContextManager[Connection], settings: DiscordSettings, now: Clock
) -> Iterator[DiscordSink]:
    with running_loop() as loop:
        connection = asyncio.run_coroutine_threadsafe(life.__aenter__(), loop).result()
        try:
            yield DiscordSink(connection, settings, loop, now)
        finally:
            asyncio.run_coroutine_threadsafe(life.__aexit__(None, None, None), loop).result()


def _route_of(route: RouteSettings) -> Route:
    area = Box(**route.area.model_dump()) if route.area else None
    return Route(Target(str(route.channel_id), route.role_id), route.max_score, area)
