"""The channels, as the thread of hikari's event loop speaks to them: post, edit, look up."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

import hikari

from harmonystate.core.delivery import Posted
from harmonystate.core.message import Edit, Message, Undelivered
from harmonystate.edges.discord.faults import FAULTS, explain
from harmonystate.edges.discord.messages import content_of, embeds_of, posted_of

HISTORY_S = 120.0

Clock = Callable[[], datetime]


class Channels:
    """Every channel that the bot writes to, by id.

    Its methods raise Undelivered, or a HarmonyError that is to end the process.

    Attributes:
        may_tell: set once "Online" was tried, or is not to be said.
    """

    def __init__(self, rest: hikari.api.RESTClient, own_id: int, now: Clock) -> None:
        self._rest = rest
        self._own_id = own_id
        self._now = now
        self.may_tell = asyncio.Event()

    async def post(self, channel_id: int, message: Message) -> list[Posted]:
        """Try once to post a message; what is returned may be an earlier one of the same nonce."""
        await self.may_tell.wait()
        text, embeds, roles = content_of(message, self._now())
        posted = await self.create(channel_id, text, embeds=embeds, roles=roles, nonce=message.nonce)
        if not posted.alert_ids:
            # Discord drops the embeds of a bot that may not embed links; as text, ids are shown all the same.
            raise Undelivered("Discord shows no card: let the bot embed links", refused=True)
        return [posted]

    async def edit(self, channel_id: int, edit: Edit) -> list[Posted]:
        """Try once to change a message; the same twice is the same as once."""
        try:
            message = await self._rest.edit_message(
                channel_id,
                int(edit.message_id),
                embeds=embeds_of(edit),
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

    async def create(
        self,
        channel_id: int,
        text: str,
        *,
        nonce: str,
        embeds: Sequence[hikari.Embed] = (),
        roles: Sequence[int] = (),
    ) -> Posted:
        """Try once to post; nobody is mentioned but `roles`."""
        try:
            message = await self._rest.create_message(
                channel_id,
                text,
                embeds=embeds,
                nonce=nonce,
                mentions_everyone=False,
                user_mentions=False,
                role_mentions=roles or False,
            )
        except FAULTS as fault:
            raise explain(fault, channel_id) from fault
        return posted_of(message, self._now())

    async def _history(self, channel_id: int, moment: datetime) -> AsyncIterator[Posted]:
        """Yield our own messages, newest first."""
        async for message in self._rest.fetch_messages(channel_id):
            if message.timestamp < moment:
                return
            if message.author.id == self._own_id:
                yield posted_of(message, message.timestamp)
