"""Who and what there is in a Discord for tests: the bot, its channels, its roles. Read by GET only."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.support.fake_discord.answers import DIRECT_CHANNEL_ID, GUILD_ID, USER, Json

# View Channel, Send Messages, Embed Links, Read Message History
ENOUGH = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16

Denied = Callable[[web.Request], web.Response | None]


def routes(denied: Denied, overwrites: Callable[[], list[Json]]) -> list[web.RouteDef]:
    """Return what answers who the bot is and what it may do: all that it needs, but for `overwrites` of the channel."""

    def answer(body: Callable[[web.Request], Any]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            return denied(request) or web.json_response(body(request))

        return handle

    def channel(request: web.Request) -> Json:
        if request.match_info["channel"] == str(DIRECT_CHANNEL_ID):
            return {"id": str(DIRECT_CHANNEL_ID), "type": 1, "last_message_id": None, "recipients": [USER]}
        flat = {"name": "alerts", "type": 0, "topic": None, "position": 0, "flags": 0}
        guild = {"guild_id": str(GUILD_ID), "permission_overwrites": overwrites()}
        return {"id": request.match_info["channel"], **flat, **guild}

    everyone = {"id": str(GUILD_ID), "name": "@everyone", "color": 0, "hoist": False, "position": 0}
    everyone |= {"permissions": str(ENOUGH), "managed": False, "mentionable": False}
    member = {"user": USER, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "flags": 0}
    return [
        web.get("/users/@me", answer(lambda _: {**USER, "mfa_enabled": False, "flags": 0})),
        web.get("/channels/{channel}", answer(channel)),
        web.get(f"/guilds/{GUILD_ID}/members/{USER['id']}", answer(lambda _: member)),
        web.get(f"/guilds/{GUILD_ID}/roles", answer(lambda _: [everyone])),
    ]
