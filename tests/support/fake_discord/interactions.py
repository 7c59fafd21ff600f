"""People: they press buttons and type commands, and are answered within three seconds, once.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.support.discord_rules import invalid
from tests.support.fake_discord.answers import APPLICATION_ID, CHANNEL_ID, GUILD_ID, TOKEN, Json, unknown

if TYPE_CHECKING:
    from tests.support.fake_discord.server import FakeDiscord

ANSWER_S = 3.0
DEFERRED, DEFERRED_UPDATE = 5, 6
_numbers = itertools.count(900_000_000_000_000_000)


@dataclass
class Interaction:
    """What somebody did, and what they were answered.

    Attributes:
        event: as the gateway tells of it.
        message: the one that bears the button; for a command, the answer once there is one.
        answered: the types of the answers that were taken.
        late: how many answers came after ANSWER_S, or after another one.
        followed: what was said to the person besides.
    """

    event: Json
    message: Json | None = None
    sent_at: float = 0.0
    answered: list[int] = field(default_factory=list)
    late: int = 0
    followed: list[Json] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What the person reads, once it stands there."""
        return self.message["content"] if self.message else ""


class People:
    """Everybody.

    Attributes:
        commands: what the application has registered, last.
        refuse_commands: the status that registering gets instead.
    """

    def __init__(self) -> None:
        self.commands: list[Json] = []
        self.refuse_commands: int | None = None
        self._by_token: dict[str, Interaction] = {}

    def press(self, message: Json, custom_id: str, **person: Any) -> Interaction:
        data = {"custom_id": custom_id, "component_type": 2}
        return self._note(3, data, person, message=message)

    def command(self, name: str, given: Json, **person: Any) -> Interaction:
        types = {bool: 5, int: 4, str: 3}
        options = [{"name": key, "type": types[type(value)], "value": value} for key, value in given.items()]
        data = {"id": "1", "name": "harmony", "type": 1, "options": [{"name": name, "type": 1, "options": options}]}
        return self._note(2, data, person)

    def add_routes(self, app: web.Application, discord: "FakeDiscord") -> None:
        self._discord = discord
        app.router.add_post("/interactions/{id}/{token}/callback", self._answer)
        app.router.add_post("/webhooks/{application}/{token}", self._follow)
        app.router.add_get("/webhooks/{application}/{token}/messages/@original", self._look_up)
        app.router.add_patch("/webhooks/{application}/{token}/messages/@original", self._edit)
        app.router.add_put("/applications/{application}/commands", self._register)

    def _note(self, kind: int, data: Json, person: Json, message: Json | None = None) -> Interaction:
        number = str(next(_numbers))
        user = {"id": "800000000000000001", "username": person.get("name", "ada"), "discriminator": "0", "avatar": None}
        member = {"user": user, "nick": person.get("nick"), "roles": [], "permissions": "0", "joined_at": _now()}
        where = {
            "channel_id": str(CHANNEL_ID),
            "channel": {"id": str(CHANNEL_ID), "type": 0},
            "guild_id": str(GUILD_ID),
        }
        flat = {"version": 1, "locale": "en-GB", "app_permissions": "0", "context": 0, "attachment_size_limit": 1}
        owners = {"authorizing_integration_owners": {"0": str(GUILD_ID)}, "application_id": str(APPLICATION_ID)}
        event = {"id": number, "token": f"t{number}", "type": kind, "data": data, "member": member}
        interaction = Interaction({**event, **where, **flat, **owners}, message)
        if message is not None:
            interaction.event["message"] = message
        self._by_token[f"t{number}"] = interaction
        return interaction

    async def _answer(self, request: web.Request) -> web.Response:
        body, interaction = await request.json(), self._by_token[request.match_info["token"]]
        if interaction.answered or time.monotonic() - interaction.sent_at > ANSWER_S:
            interaction.late += 1
            code = 40060 if interaction.answered else 10062
            return web.json_response({"message": "too late", "code": code}, status=400 if code == 40060 else 404)
        interaction.answered.append(body["type"])
        if body["type"] == DEFERRED:
            interaction.message = self._discord._message({"content": ""}, time.time(), str(CHANNEL_ID))
        elif body["type"] != DEFERRED_UPDATE:
            interaction.message = self._discord._message(body["data"], time.time(), str(CHANNEL_ID))
        callback = {"id": request.match_info["id"], "type": interaction.event["type"]}
        return web.json_response({"interaction": callback})

    async def _look_up(self, request: web.Request) -> web.Response:
        interaction = self._of(request)
        return unknown() if interaction is None else web.json_response(interaction.message)

    async def _edit(self, request: web.Request) -> web.Response:
        body, interaction = await request.json(), self._of(request)
        if interaction is None or interaction.message is None:
            return unknown()
        if (fault := invalid({**interaction.message, **body})) is not None:
            return fault
        change(interaction.message, body)
        return web.json_response(interaction.message)

    async def _follow(self, request: web.Request) -> web.Response:
        body, interaction = await request.json(), self._of(request)
        if interaction is None:
            return unknown()
        interaction.followed.append(body)
        return web.json_response(self._discord._message(body, time.time(), str(CHANNEL_ID)))

    async def _register(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        if self.refuse_commands is not None:
            return web.json_response({"message": "Missing Access", "code": 50001}, status=self.refuse_commands)
        self.commands = await request.json()
        given = {"application_id": str(APPLICATION_ID), "default_member_permissions": None, "version": "1"}
        return web.json_response([{"type": 1, **each, **given, "id": "1"} for each in self.commands])

    def _of(self, request: web.Request) -> Interaction | None:
        """Return what a token is of, once it was answered."""
        interaction = self._by_token.get(request.match_info["token"])
        return interaction if interaction and interaction.answered else None


def change(message: Json, body: Json) -> None:
    """Change a message as a PATCH says; what it does not name stays."""
    if "embeds" in body:
        message["embeds"] = [{"type": "rich", **embed} for embed in body["embeds"]]
    if "content" in body:
        message["content"] = body["content"] or ""
    if "components" in body:
        message["components"] = numbered(body["components"])
    message["edited_timestamp"] = _now()


def numbered(rows: list[Json] | None) -> list[Json]:
    """Return components as Discord gives them back: each has a number."""
    numbers = itertools.count(1)
    numbered_rows = []
    for row in rows or []:
        number = row.get("id") or next(numbers)
        buttons = [{**button, "id": button.get("id") or next(numbers)} for button in row["components"]]
        numbered_rows.append({**row, "id": number, "components": buttons})
    return numbered_rows


def custom_ids(message: Json) -> list[str]:
    """Return the ids of the buttons under a message that can be pressed, in order."""
    buttons = [button for line in message["components"] for button in line["components"]]
    return [button["custom_id"] for button in buttons if not button.get("disabled")]


def _now() -> str:
    return datetime.now(UTC).isoformat()
