"""The gateway: who identifies there hears of what people do (https://discord.com/developers/docs/events/gateway)."""

import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web

from tests.support.fake_discord.answers import APPLICATION_ID, USER, Json

Send = Callable[..., Awaitable[None]]


class Gateway:
    """Every connection that there is.

    Attributes:
        sessions: what identified itself, ever.
    """

    def __init__(self) -> None:
        self.sessions: list[Json] = []
        self._listening: list[Send] = []
        self._events = 1

    async def tell(self, kind: str, event: Json) -> None:
        """Tell each session, as Discord does of one bot that is connected several times."""
        assert self._listening, "nobody is at the gateway"
        self._events += 1
        for send in self._listening:
            await send(op=0, t=kind, s=self._events, d=event)

    async def serve(self, request: web.Request, port: int) -> web.WebSocketResponse:
        """Speak with one that connects, to its end."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        stream = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None

        async def send(**event: Any) -> None:
            text = json.dumps({"s": None, "t": None, **event})
            if stream is None:
                await socket.send_str(text)
            else:
                await socket.send_bytes(stream.compress(text.encode()) + stream.flush(zlib.Z_SYNC_FLUSH))

        await send(op=10, d={"heartbeat_interval": 1000})
        try:
            async for frame in socket:
                if frame.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self._handle(json.loads(frame.data), send, port)
        finally:
            self._listening = [other for other in self._listening if other is not send]
        return socket

    async def _handle(self, event: Json, send: Send, port: int) -> None:
        if event["op"] == 1:
            await send(op=11, d=None)
        elif event["op"] == 2:
            ready = {"v": 10, "user": {**USER, "mfa_enabled": False, "flags": 0}, "guilds": [], "session_id": "1"}
            application = {"id": str(APPLICATION_ID), "flags": 0}
            more = {"resume_gateway_url": f"ws://127.0.0.1:{port}/ws", "application": application}
            await send(op=0, t="READY", s=1, d={**ready, **more})
            self.sessions.append(event["d"])
            self._listening.append(send)
        elif event["op"] == 6:
            await send(op=0, t="RESUMED", s=2, d={})
            self._listening.append(send)
