"""The channel, as the thread of hikari's event loop speaks to it: post, look up, say "Online"."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import hikari
import structlog

from harmonystate.config import DiscordSettings
from harmonystate.core.backoff import backoff
from harmonystate.core.card import HEADLINE, Card, card_of
from harmonystate.core.delivery import Posted
from harmonystate.core.dispatch import Form, Message, Undelivered
from harmonystate.edges.discord.faults import FAULTS, explain, refused_token
from harmonystate.edges.discord.markdown import EMBED, TEXT, ids_in, text_of
from harmonystate.edges.discord.presence import be_present
from harmonystate.errors import HarmonyError, Misconfigured, Unavailable

ONLINE = "🟢 Online"
# One request; below the 20 s that a stop leaves to the message in hand.
REQUEST_S = 12.0
# Whether somebody is there at all; with Kafka's own answer below 15 s.
REQUIRE_S = 8.0
HISTORY_S = 120.0
# What hikari waits for by itself; longer limits are waited for by the caller, who says so and can be stopped.
LONGEST_LIMIT_S = 10.0

Clock = Callable[[], datetime]


class Channel:
    """The channel in which alerts are told.

    Its methods raise Undelivered, or a HarmonyError that is to end the process.
    """

    def __init__(self, rest: hikari.api.RESTClient, channel_id: int, own_id: int, now: Clock) -> None:
        self.id = channel_id
        self._rest = rest
        self._own_id = own_id
        self._now = now
        self._first_word = asyncio.Event()

    async def post(self, message: Message) -> list[Posted]:
        """Try once to post a message; what is returned may be an earlier one of the same nonce."""
        await self._first_word.wait()
        now = self._now()
        if message.form is Form.TEXT:
            posted = await self._create(text_of(card_of(message.alerts[0], TEXT, now=now)), [], message.nonce)
        else:
            embeds = [_embed(card_of(raised, EMBED, now=now)) for raised in message.alerts]
            posted = await self._create(HEADLINE, embeds, message.nonce)
        if not posted.alert_ids:
            # Discord drops the embeds of a bot that may not embed links; as text, ids are shown all the same.
            raise Undelivered("Discord shows no card: let the bot embed links", refused=True)
        return [posted]

    async def posted_since(self, moment: datetime) -> list[Posted]:
        """Look up our own messages that show alerts, back to `moment`."""
        try:
            async with asyncio.timeout(HISTORY_S):
                return [posted async for posted in self._history(moment) if posted.alert_ids]
        except FAULTS as fault:
            raise explain(fault, self.id) from fault

    async def greet(self) -> None:
        """Say that the bot is there, however long it takes; alerts wait for no more than the first try."""
        nonce, waits = uuid4().hex[:25], backoff()
        while fault := await self._try_greeting(nonce):
            await asyncio.sleep(max(next(waits), fault.wait_s or 0.0))

    async def _try_greeting(self, nonce: str) -> Undelivered | None:
        """Return what keeps us from saying it, if trying again may help."""
        try:
            await self._create(ONLINE, [], nonce)
        except Undelivered as fault:
            if not fault.refused:
                return fault
            structlog.get_logger("harmony.alert-bot").warning(f'Discord takes no "{ONLINE}"', because=str(fault))
        except HarmonyError:
            return None  # the next alert meets the same, and ends the process
        finally:
            self._first_word.set()
        return None

    def be_quiet(self) -> None:
        """Say nothing but alerts."""
        self._first_word.set()

    async def _create(self, content: str, embeds: list[hikari.Embed], nonce: str) -> Posted:
        try:
            message = await self._rest.create_message(
                self.id,
                content,
                embeds=embeds,
                nonce=nonce,
                mentions_everyone=False,
                user_mentions=False,
                role_mentions=False,
            )
        except FAULTS as fault:
            raise explain(fault, self.id) from fault
        return _posted(message, self._now())

    async def _history(self, moment: datetime) -> AsyncIterator[Posted]:
        """Yield our own messages, newest first."""
        async for message in self._rest.fetch_messages(self.id):
            if message.timestamp < moment:
                return
            if message.author.id == self._own_id:
                yield _posted(message, message.timestamp)


@asynccontextmanager
async def open_channel(
    settings: DiscordSettings, channel_id: int, token: str, *, announce: bool, now: Clock
) -> AsyncIterator[Channel]:
    """Open the channel; `sink.open_sink` says the rest."""
    own_id = _own_id(token)
    url = (settings.rest_url or hikari.urls.REST_API_URL).rstrip("/")
    await _require(token, url)
    app = hikari.RESTApp(
        # A try is one request: what its failure means is decided in one place, not retried out of sight.
        max_retries=0,
        max_rate_limit=LONGEST_LIMIT_S,
        http_settings=hikari.impl.HTTPSettings(timeouts=hikari.impl.HTTPTimeoutSettings(total=REQUEST_S)),
        url=url,
    )
    await app.start()
    async with app.acquire(token, hikari.TokenType.BOT) as rest:
        channel = Channel(rest, channel_id, own_id, now)
        if announce:
            lives = [asyncio.create_task(channel.greet()), asyncio.create_task(be_present(token, url))]
        else:
            lives = []
            channel.be_quiet()
        try:
            yield channel
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
            await app.close()


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
        where = urlsplit(url).netloc
        raise Unavailable(f"no Discord at {where}: {type(fault).__name__}: check discord.rest_url") from None


def _own_id(token: str) -> int:
    try:
        return hikari.applications.get_token_id(token)
    except ValueError:
        raise Misconfigured("discord: the token is not a bot's: check HARMONY_DISCORD__TOKEN or token_file") from None


def _posted(message: hikari.Message, at: datetime) -> Posted:
    footers = [embed.footer.text for embed in message.embeds if embed.footer]
    return Posted(str(message.id), at, ids_in(message.content, footers))


def _embed(card: Card) -> hikari.Embed:
    embed = hikari.Embed(color=card.colour).set_footer(card.footer)
    for name, value in card.fields:
        embed.add_field(name, value, inline=name in ("Drone", "Position"))
    return embed
