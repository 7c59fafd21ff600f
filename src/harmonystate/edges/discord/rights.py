"""What the bot may do in a channel, asked by GET only.

How Discord adds rights up: https://discord.com/developers/docs/topics/permissions#permission-overwrites
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import hikari
from hikari import Permissions

from harmonystate.config import DiscordSettings
from harmonystate.core.message import Undelivered
from harmonystate.edges.discord.faults import FAULTS, explain
from harmonystate.errors import HarmonyError, Misconfigured, Unavailable

# What alert-bot does: it posts cards, and looks up what it has posted.
NEEDED = {
    Permissions.VIEW_CHANNEL: "View Channel",
    Permissions.SEND_MESSAGES: "Send Messages",
    Permissions.EMBED_LINKS: "Embed Links",
    Permissions.READ_MESSAGE_HISTORY: "Read Message History",
}
WITHIN_S = 12.0


class ChannelRights(NamedTuple):
    """What was found of one channel.

    Attributes:
        missing: the rights that the bot needs there and has not, by Discord's own names.
        fault: why nothing could be found out.
    """

    channel_id: int
    missing: Sequence[str] = ()
    fault: str | None = None


def examine(settings: DiscordSettings, token: str) -> tuple[str, list[ChannelRights]]:
    """Return the bot's own name, and its rights in every channel that the config names.

    Raises:
        Misconfigured: when Discord refuses the token.
        Unavailable: when nobody answers.
    """
    try:
        return asyncio.run(asyncio.wait_for(_examine(settings, token), WITHIN_S))
    except TimeoutError:
        where = urlsplit(settings.rest_url or hikari.urls.REST_API_URL).netloc
        raise Unavailable(f"no Discord at {where}: no answer within {WITHIN_S:.0f} s") from None


def rights_of(
    roles: Sequence[int], permissions: dict[int, int], overwrites: dict[int, tuple[int, int]], *, everyone: int, me: int
) -> Permissions:
    """Add up what a member may do in a channel.

    Args:
        roles: of the member.
        permissions: of each role of the guild, `everyone` among them.
        overwrites: of the channel, by role or member: what it allows, what it denies.
        everyone: the role that all have; its id is the guild's.
        me: the member.
    """
    own = [role for role in roles if role != everyone]
    base = permissions.get(everyone, 0)
    for role in own:
        base |= permissions.get(role, 0)
    if base & Permissions.ADMINISTRATOR:
        return Permissions.all_permissions()
    for layer in ([everyone], own, [me]):
        allowed = denied = 0
        for holder in layer:
            allow, deny = overwrites.get(holder, (0, 0))
            allowed, denied = allowed | allow, denied | deny
        base = base & ~denied | allowed
    return Permissions(base)


async def _examine(settings: DiscordSettings, token: str) -> tuple[str, list[ChannelRights]]:
    url = (settings.rest_url or hikari.urls.REST_API_URL).rstrip("/")
    app = hikari.RESTApp(max_retries=0, url=url)
    await app.start()
    try:
        async with app.acquire(token, hikari.TokenType.BOT) as rest:
            me = await _who_am_i(rest, url)
            wanted = dict.fromkeys(
                filter(None, (settings.channel_id, *(route.channel_id for route in settings.routes)))
            )
            return me.username, [await _rights_in(rest, channel_id, me.id) for channel_id in wanted]
    finally:
        await app.close()


async def _who_am_i(rest: hikari.api.RESTClient, url: str) -> hikari.OwnUser:
    try:
        return await rest.fetch_my_user()
    except hikari.UnauthorizedError:
        raise Misconfigured("Discord refuses the token (401)") from None
    except FAULTS as fault:
        raise Unavailable(f"no Discord at {urlsplit(url).netloc}: {type(fault).__name__}") from fault


async def _rights_in(rest: hikari.api.RESTClient, channel_id: int, me: int) -> ChannelRights:
    try:
        channel = await rest.fetch_channel(channel_id)
        if not isinstance(channel, hikari.PermissibleGuildChannel):
            return ChannelRights(channel_id, fault="is no text channel of a server")
        guild = channel.guild_id
        member, roles = await rest.fetch_member(guild, me), await rest.fetch_roles(guild)
    except FAULTS as fault:
        return ChannelRights(channel_id, fault=_why(fault, channel_id))
    granted = rights_of(
        list(map(int, member.role_ids)),
        {int(role.id): int(role.permissions) for role in roles},
        {int(i): (int(o.allow), int(o.deny)) for i, o in channel.permission_overwrites.items()},
        everyone=int(guild),
        me=int(me),
    )
    return ChannelRights(channel_id, [name for right, name in NEEDED.items() if not granted & right])


def _why(fault: Exception, channel_id: int) -> str:
    explained: Undelivered | HarmonyError = explain(fault, channel_id)
    return str(explained)
