"""Whom and what the fake Discord knows of, and what its requests get."""

import base64
from dataclasses import dataclass
from typing import Any

from aiohttp import web

BOT_ID = 700_000_000_000_000_001
CHANNEL_ID = 700_000_000_000_000_002
APPLICATION_ID = 700_000_000_000_000_003
GUILD_ID = 700_000_000_000_000_004
# In no server; there is one only when it is among the fake's channels.
DIRECT_CHANNEL_ID = 700_000_000_000_000_005
TOKEN = f"{base64.b64encode(str(BOT_ID).encode()).decode()}.fake.canary"
EPOCH_MS = 1_420_070_400_000
USER = {"id": str(BOT_ID), "username": "harmony", "discriminator": "0000", "avatar": None, "bot": True}

Json = dict[str, Any]


@dataclass
class Answer:
    """What a POST gets instead of a 200.

    Attributes:
        status: None = it is accepted as usual.
        cut: the connection is cut without an answer (after the message was accepted, with status None).
        delay_s: how long it takes until the message is looked at.
        hold_s: how long it then takes until the answer is given.
        retry_after: of a 429, seconds; None = not JSON, as when Cloudflare bans.
        scope: of a 429: user, shared or global.
    """

    status: int | None = None
    cut: bool = False
    delay_s: float = 0.0
    hold_s: float = 0.0
    retry_after: float | None = 0.05
    scope: str = "user"


def unknown() -> web.Response:
    return web.json_response({"message": "Unknown Message", "code": 10008}, status=404)


def scripted(answer: Answer) -> web.Response | None:
    if answer.status is None:
        return None
    if answer.status == 429:
        return too_many(answer.retry_after, answer.scope, {})
    return web.json_response({"message": "scripted", "code": 50035}, status=answer.status)


def too_many(retry_after: float | None, scope: str, headers: dict[str, str]) -> web.Response:
    if retry_after is None:
        return web.Response(status=429, text="<html>banned</html>", content_type="text/html")
    body = {"message": "You are being rate limited.", "retry_after": retry_after, "global": scope == "global"}
    return web.json_response(body, status=429, headers={**headers, "X-RateLimit-Scope": scope})
