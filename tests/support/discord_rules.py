"""What Discord checks of a message, and what a reader finds in one; nothing here is shared with the bot."""

import base64
import json
import re
import uuid
from datetime import datetime
from typing import Any

from aiohttp import web

Json = dict[str, Any]
_CARD = re.compile(r"alert ([0-9a-f-]{36})")
_LIST = re.compile(r"alerts `([^`]*)`")


def told_in(message: Json) -> list[str]:
    """Return the ids of the alerts that a message shows, as often as it shows them."""
    text = json.dumps([message["content"], message["embeds"]])
    listed = [short for shorts in _LIST.findall(text) for short in shorts.split()]
    return _CARD.findall(text) + [str(uuid.UUID(bytes=base64.urlsafe_b64decode(short + "=="))) for short in listed]


def cards_in(message: Json) -> list[str]:
    """Return the ids of the alerts of which a message shows a card, in order."""
    footers = (embed.get("footer", {}).get("text", "") for embed in message["embeds"])
    return [alert_id for footer in footers for alert_id in _CARD.findall(footer)]


def time_of(message: Json) -> float:
    """Return when a message was posted, in seconds since 1970."""
    return datetime.fromisoformat(message["timestamp"]).timestamp()


def invalid(body: Json) -> web.Response | None:
    """Check what Discord checks; lengths are counted in UTF-16 units, the strictest reading."""
    embeds = body.get("embeds", [])
    fields = [field for embed in embeds for field in embed.get("fields", [])]
    texts = [text for embed in embeds for text in _texts(embed)]
    sound = (
        (bool(body.get("content", "").strip()) or bool(embeds))
        and all(embed.get("title") or embed.get("description") or embed.get("fields") for embed in embeds)
        and _length(body.get("content", "")) <= 2000
        and len(embeds) <= 10
        and all(_length(embed.get("title", "")) <= 256 for embed in embeds)
        and all(_length(embed.get("description", "")) <= 4096 for embed in embeds)
        and all(len(embed.get("fields", [])) <= 25 for embed in embeds)
        and all(1 <= _length(field["name"].strip()) <= 256 for field in fields)
        and all(1 <= _length(field["value"].strip()) <= 1024 for field in fields)
        and all(_length(embed.get("footer", {}).get("text", "")) <= 2048 for embed in embeds)
        and sum(map(_length, texts)) <= 6000
        and len(str(body.get("nonce", ""))) <= 25
        and all(map(_is_sound_row, body.get("components") or []))
    )
    return None if sound else web.json_response({"message": "Invalid Form Body", "code": 50035}, status=400)


def _is_sound_row(line: Json) -> bool:
    """Say whether Discord takes an action row of buttons."""
    buttons = line["components"]
    ids = [button["custom_id"] for button in buttons]
    return (
        line["type"] == 1
        and 1 <= len(buttons) <= 5
        and len(ids) == len(set(ids))
        and all(1 <= len(identity) <= 100 for identity in ids)
        and all(button["type"] == 2 and 1 <= len(button["label"]) <= 80 for button in buttons)
    )


def _texts(embed: Json) -> list[str]:
    fields = [text for field in embed.get("fields", []) for text in (field["name"], field["value"])]
    return [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", ""), *fields]


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
