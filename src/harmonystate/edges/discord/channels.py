"""The channels, as the thread of hikari's event loop speaks to them: post, edit, look up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from weakref import WeakValueDictionary

import hikari

from harmonystate.core.delivery import Posted
from harmonystate.core.message import Edit, Message, Undelivered
from harmonystate.edges.discord.faults import FAULTS, explain
from harmonystate.edges.discord.messages import Content, content_of, embeds_of, greyed, posted_of

HISTORY_S = 120.0
# How many messages we know to be marked as acknowledged or silenced; cards of old are counted on no more.
MARKED = 10_000

Clock = Callable[[], datetime]


class Channels:
    """Every channel that the bot writes to, by id.

    Its methods raise Undelivered, or a HarmonyError that is to end the process.

    Attributes:
        may_tell: set once "Online" was tried, or is not to be said.
    """

    def __init__(self, rest: hikari.api.RESTClient, own_id: int, now: Clock, *, buttons: bool) -> None:
        self._rest = rest
        self._own_id = own_id
        self._now = now
        self._buttons = buttons
        self._changing: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._marked: dict[int, None] = {}  # a set that forgets its oldest first
        self.may_tell = asyncio.Event()

    def changing(self, message_id: int) -> asyncio.Lock:
        """Return what whoever reads a message and writes it back must hold."""
        return self._changing.setdefault(message_id, asyncio.Lock())

    def note_marked(self, message_id: int) -> None:
        """Note that somebody has dealt with a message: from now on it is grey."""
        self._marked[message_id] = None
        if len(self._marked) > MARKED:
            del self._marked[next(iter(self._marked))]

    async def post(self, channel_id: int, message: Message) -> list[Posted]:
        """Try once to post a message; what is returned may be an earlier one of the same nonce."""
        await self.may_tell.wait()
        content = content_of(message, self._now())
        if not self._buttons:
            content = content._replace(buttons=())
        posted = await self.create(channel_id, content, nonce=message.nonce)
        if not posted.alert_ids:
            # Discord drops the embeds of a bot that may not embed links; as text, ids are shown all the same.
            raise Undelivered("Discord shows no card: let the bot embed links", refused=True)
        return [posted]

    async def edit(self, channel_id: int, edit: Edit) -> list[Posted]:
        """Try once to change a message; the same twice is the same as once."""
        message_id = int(edit.message_id)
        try:
            async with self.changing(message_id):
                embeds = embeds_of(edit)
                message = await self._rest.edit_message(
                    channel_id,
                    message_id,
                    embeds=greyed(embeds) if message_id in self._marked else embeds,
                    mentions_everyone=False,
                    user_mentions=False,
                    role_mentions=edit.message.roles or False,
                )
        except FAULTS as fault:
            raise explain(fault, channel_id) from fault
        return [posted_of(message, self._now())]

    async def posted_since(self, channel_id: int, moment: datetime) -> list[Posted]:
        """Look up our own messages that show alerts, back to `moment`."""
        try:
            async with asyncio.timeout(HISTORY_S):
                return [posted async for posted in self._history(channel_id, moment) if posted.alert_ids]
        except FAULTS as fault:
            raise explain(fault, channel_id) from fault

    async def say(self, channel_id: int, text: str, *, nonce: str) -> list[Posted]:
        """Try once to say something that is no alert."""
        await self.may_tell.wait()
        return [await self.create(channel_id, Content(text), nonce=nonce)]

    async def create(self, channel_id: int, content: Content, *, nonce: str) -> Posted:
        """Try once to post; nobody is mentioned but the content's roles."""
        return posted_of(await self.send(channel_id, content, nonce=nonce), self._now())

    async def send(self, channel_id: int, content: Content, *, nonce: str) -> hikari.Message:
        """Post as `create` does; return the message as Discord shows it."""
        try:
            return await self._rest.create_message(
                channel_id,
                content.text,
                embeds=content.embeds,
                components=content.buttons,
                nonce=nonce,
                mentions_everyone=False,
                user_mentions=False,
                role_mentions=content.roles or False,
            )
        except FAULTS as fault:
            raise explain(fault, channel_id) from fault

    async def _history(self, channel_id: int, moment: datetime) -> AsyncIterator[Posted]:
        """Yield our own messages, newest first."""
        async for message in self._rest.fetch_messages(channel_id):
            if message.timestamp < moment:
                return
            if message.author.id == self._own_id:
                yield posted_of(message, message.timestamp)
