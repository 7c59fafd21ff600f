"""A Discord for tests, on 127.0.0.1. It refuses what the real one refuses.

Rules and limits are those of https://discord.com/developers/docs: resources/message, rate-limits.
"""

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import web

from tests.support.discord_rules import invalid, told_in
from tests.support.fake_discord import directory
from tests.support.fake_discord.answers import (
    CHANNEL_ID,
    EPOCH_MS,
    TOKEN,
    USER,
    Answer,
    Json,
    scripted,
    unknown,
)
from tests.support.fake_discord.gateway import Gateway
from tests.support.fake_discord.interactions import Interaction, People, change, custom_ids, numbered
from tests.support.fake_discord.limits import Windows

NONCE_HOLDS_S = 180.0


@dataclass
class FakeDiscord:
    """Runs in a thread of its own while the body of a `with` runs.

    Attributes:
        limit: messages per `window_s` in a channel, and as many edits; None = no limit. Discord's is 5 per 5 s.
        fixed: whether a window begins with its first message and ends for all at once; else it slides.
        gateway: whether the gateway lets anybody in.
        script: what the next POSTs get, one each.
        always: what every POST gets once the script is used up; None = it is accepted.
        weather: the same, asked each time.
        refusals: the same again, for some channels alone.
        edit_script: what the next PATCHes get.
        channels: ids of the channels there are.
        messages: what stands in the channels, oldest first.
        tries: every POST: its body and the status it got.
        edits: every PATCH: the message's id and the status it got.
        too_often: how many requests were refused because there were too many, and not because the script said so.
        reads: every GET of the history: its query.
        overwrites: what its channels allow and deny, as Discord's API has it; without, the bot may do what it needs.
        people: who presses buttons and types commands, and what they are answered.
    """

    limit: int | None = None
    window_s: float = 5.0
    fixed: bool = False
    gateway: bool = True
    port: int = 0
    script: deque[Answer] = field(default_factory=deque)
    always: Answer | None = None
    weather: Callable[[], Answer] | None = None
    refusals: dict[int, Answer] = field(default_factory=dict)
    edit_script: deque[Answer] = field(default_factory=deque)
    channels: set[int] = field(default_factory=lambda: {CHANNEL_ID})
    too_often: int = 0
    edits: list[tuple[str, int]] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    tries: list[tuple[Json, int]] = field(default_factory=list)
    reads: list[Json] = field(default_factory=list)
    overwrites: list[Json] = field(default_factory=list)
    people: People = field(default_factory=People)
    _gateway: Gateway = field(default_factory=Gateway)
    _nonces: dict[tuple[str, str | None], tuple[float, Json]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Json:
        """The section `discord` of a config that leads here."""
        return {"token": TOKEN, "channel_id": CHANNEL_ID, "rest_url": self.url}

    @property
    def sessions(self) -> list[Json]:
        """What identified itself at the gateway."""
        return self._gateway.sessions

    def press(self, message: Json, custom_id: str, **person: Any) -> Interaction:
        """Let a person (`name`, `nick`) press a button that stands under a message."""
        assert custom_id in custom_ids(message), "no such button"
        return self._send(self.people.press(message, custom_id, **person))

    def command(self, name: str, *, given: Json | None = None, **person: Any) -> Interaction:
        """Let a person type `/harmony NAME` with these options."""
        return self._send(self.people.command(name, given or {}, **person))

    def told(self) -> Counter[str]:
        """Return how often each alert stands in the channels, on a card, as text, in a digest or counted on a card."""
        return Counter(alert_id for message in self.messages for alert_id in told_in(message))

    def say(self, content: str, **changes: Any) -> None:
        """Let a message stand in the channel, by the bot unless `author` says otherwise."""
        message = self._message({"content": content, "allowed_mentions": {}}, time.time(), str(CHANNEL_ID))
        self.messages.append({**message, **changes})

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._windows = Windows()
        threading.Thread(target=self._loop.run_forever, name="fake-discord", daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let nobody answer here while the body runs."""
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/gateway/bot", self._gateway_bot)
        app.router.add_get("/ws", self._websocket)
        self.people.add_routes(app, self)
        app.router.add_post("/channels/{channel}/messages", self._post)
        app.router.add_get("/channels/{channel}/messages", self._history)
        app.router.add_get("/channels/{channel}/messages/{message}", self._look_up)
        app.router.add_patch("/channels/{channel}/messages/{message}", self._edit)
        app.router.add_routes(directory.routes(self._denied, lambda: self.overwrites))
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        body = {"url": f"ws://127.0.0.1:{self.port}/ws", "shards": 1, "session_start_limit": limit}
        return self._denied(request) or web.json_response(body)

    def _next_answer(self, channel: int) -> Answer:
        if self.script:
            return self.script.popleft()
        if self.weather:
            return self.weather()
        return self.refusals.get(channel) or self.always or Answer()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body, channel = await request.json(), request.match_info["channel"]
        answer = self._next_answer(int(channel))
        await asyncio.sleep(answer.delay_s)
        response = (
            self._denied(request) or scripted(answer) or self._windows.refuse(self, "POST", channel) or invalid(body)
        )
        if response is None:
            message = self._accept(body, channel)
            response = web.json_response(message, headers=self._windows.headers(self, "POST", channel))
        self.tries.append((body, response.status))
        await asyncio.sleep(answer.hold_s)
        if answer.cut and request.transport:
            request.transport.close()
        return response

    def _accept(self, body: Json, channel: str) -> Json:
        """Take a message in; with a nonce that is known, return the FIRST message of that nonce instead."""
        now, nonce = time.time(), (channel, body.get("nonce"))
        at, first = self._nonces.get(nonce, (0.0, {}))
        if body.get("enforce_nonce") and now - at < NONCE_HOLDS_S:
            return first
        message = self._message(body, now, channel)
        self.messages.append(message)
        if body.get("nonce"):
            self._nonces[nonce] = (now, message)
        return message

    def _message(self, body: Json, now: float, channel: str) -> Json:
        number = (int(now * 1000) - EPOCH_MS << 22) + len(self.messages)
        allowed = body.get("allowed_mentions", {"parse": ["roles", "everyone"]})
        content = body.get("content", "")
        lists: Json = {key: [] for key in ("attachments", "mentions")}
        flat = {"tts": False, "pinned": False, "type": 0, "flags": 0, "edited_timestamp": None}
        return {
            **lists,
            **flat,
            "id": str(number),
            "channel_id": channel,
            "author": USER,
            "content": content,
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(),
            "embeds": [{"type": "rich", **embed} for embed in body.get("embeds", [])],
            "components": numbered(body.get("components")),
            "nonce": body.get("nonce"),
            "mention_everyone": "@everyone" in content and "everyone" in allowed.get("parse", []),
            "mention_roles": [role for role in allowed.get("roles", []) if f"<@&{role}>" in content],
        }

    async def _history(self, request: web.Request) -> web.Response:
        query = request.query
        self.reads.append(dict(query))
        before, after = int(query.get("before", 2**63)), int(query.get("after", 0))
        here = [message for message in self.messages if message["channel_id"] == request.match_info["channel"]]
        found = [message for message in here if after < int(message["id"]) < before]
        limit = min(int(query.get("limit", 50)), 100)
        return self._denied(request) or web.json_response(found[::-1][:limit])

    async def _look_up(self, request: web.Request) -> web.Response:
        found = [message for message in self.messages if message["id"] == request.match_info["message"]]
        return self._denied(request) or (web.json_response(found[0]) if found else unknown())

    async def _edit(self, request: web.Request) -> web.Response:
        body, answer = await request.json(), self.edit_script.popleft() if self.edit_script else Answer()
        channel, wanted = request.match_info["channel"], request.match_info["message"]
        found = next((message for message in self.messages if message["id"] == wanted), None)
        response = self._denied(request) or scripted(answer) or self._windows.refuse(self, "PATCH", channel)
        if response is None and found is None:
            response = unknown()
        if response is None and found is not None:
            response = invalid({**found, **body})
            if response is None:
                change(found, body)
                response = web.json_response(found, headers=self._windows.headers(self, "PATCH", channel))
        self.edits.append((wanted, response.status))
        await asyncio.sleep(answer.hold_s)
        if answer.cut and request.transport:
            request.transport.close()
        return response

    def _denied(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        if int(request.match_info.get("channel", CHANNEL_ID)) not in self.channels:
            return web.json_response({"message": "Unknown Channel", "code": 10003}, status=404)
        return None

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if not self.gateway:
            return web.Response(status=503)
        return await self._gateway.serve(request, self.port)

    def _send(self, interaction: Interaction) -> Interaction:
        """Tell the gateway of it, as soon as somebody is there to hear it."""
        interaction.sent_at = time.monotonic()
        told = self._gateway.tell("INTERACTION_CREATE", interaction.event)
        asyncio.run_coroutine_threadsafe(told, self._loop).result(10)
        return interaction
