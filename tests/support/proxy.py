"""Stands between clients and a broker, knows Kafka's frames, and does to them what networks do."""

import asyncio
import contextlib
import struct
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

FRAME = struct.Struct(">i")
HEADER = struct.Struct(">hhih")
LIMIT = 16 * 1024 * 1024


class Api(IntEnum):
    """The requests that a test may lose, or their replies."""

    PRODUCE = 0
    ADD_PARTITIONS = 24
    ADD_OFFSETS = 25
    END_TXN = 26
    TXN_OFFSET_COMMIT = 28


@dataclass
class Fate:
    """What happens to requests of one kind, or to their replies.

    Attributes:
        left: how many more meet it.
        hold_s: the reply comes so much later; None = it, or the request, never comes.
        client: what the client's id begins with, for it to be met.
    """

    left: int
    hold_s: float | None
    client: str = ""


class Tally:
    """Counts what clients sent, or were sent, by api key."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, str], int] = {}

    def add(self, api: int, client: str) -> None:
        self._counts[api, client] = self._counts.get((api, client), 0) + 1

    def of(self, api: int, client: str) -> int:
        """Return how many there were to or from clients whose id begins with this."""
        # A copy, in one step: the proxy counts on meanwhile.
        return sum(n for (some, who), n in self._counts.copy().items() if some == api and who.startswith(client))

    def __getitem__(self, api: int) -> int:
        return self.of(api, "")

    def total(self) -> int:
        return sum(self._counts.copy().values())


class Proxy:
    """Listens on `port` and passes on to `target`, in a thread of its own while the body of a `with` runs.

    Attributes:
        passed: the replies that were passed on.
        met: the replies, and requests, that have met a fate.
    """

    def __init__(self, port: int, target: int) -> None:
        self._port, self._target = port, target
        self._unheard: dict[int, Fate] = {}
        self._fates: dict[int, Fate] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self.passed, self.met = Tally(), Tally()
        self._is_silent = False

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Pass nothing on, either way, while the body of a `with` runs; connections stay."""
        self._is_silent = True
        try:
            yield
        finally:
            self._is_silent = False

    def lose(self, api: Api, times: int = 1, *, client: str = "") -> None:
        """Let the broker act on the next requests, but cut the connection instead of passing on its reply.

        Args:
            api: of these requests.
            times: so many replies.
            client: only to clients whose id begins with this.
        """
        self._fates[api] = Fate(times, None, client)

    def hold(self, api: Api, seconds: float, times: int = 1, *, client: str = "") -> None:
        """Pass on the next replies only so much later, and with them all that is behind them.

        Args:
            api: of these requests.
            seconds: so much later.
            times: so many replies.
            client: only to clients whose id begins with this.
        """
        self._fates[api] = Fate(times, seconds, client)

    def withhold(self, api: Api, times: int = 1, *, client: str = "") -> None:
        """Let the broker never hear the next requests, nor what comes behind them before the client hangs up.

        Args:
            api: these requests.
            times: so many of them.
            client: only of clients whose id begins with this.
        """
        self._unheard[api] = Fate(times, None, client)

    def relent(self) -> None:
        """Pass on everything again; what was withheld stays so."""
        self._unheard.clear()
        self._fates.clear()

    def cut(self) -> None:
        """Cut every connection."""
        self._loop.call_soon_threadsafe(lambda: [writer.close() for writer in list(self._writers)])

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Let nobody listen here while the body runs."""
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=LIMIT)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self._target, limit=LIMIT)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, ours}
        asked: deque[tuple[int, str]] = deque()
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._requests(reader, ours, asked))
                both.create_task(self._replies(theirs, writer, asked))
        except* (OSError, asyncio.IncompleteReadError):
            pass  # either end has gone, or was cut
        finally:
            self._writers -= {writer, ours}
            for end in (writer, ours):
                end.close()

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: deque[tuple[int, str]]
    ) -> None:
        while True:
            frame = await self._frame(reader)
            api, client = asking(frame)
            if self._meet(self._unheard, api, client):
                await reader.read()  # a gap would be seen by whoever got what comes behind it
                raise ConnectionResetError
            asked.append((api, client))
            writer.write(frame)
            await writer.drain()

    async def _replies(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: deque[tuple[int, str]]
    ) -> None:
        while True:
            frame = await self._frame(reader)
            api, client = asked.popleft()
            fate = self._meet(self._fates, api, client)
            if fate is not None and fate.hold_s is None:
                raise ConnectionResetError
            if fate is not None and fate.hold_s:
                await asyncio.sleep(fate.hold_s)
            self.passed.add(api, client)
            writer.write(frame)
            await writer.drain()

    async def _frame(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readexactly(FRAME.size)
        frame = head + await reader.readexactly(*FRAME.unpack(head))
        while self._is_silent:
            await asyncio.sleep(0.05)
        return frame

    def _meet(self, fates: dict[int, Fate], api: int, client: str) -> Fate | None:
        """Return what happens to a request of this kind of this client, or to its reply, if anything."""
        fate = fates.get(api)
        if fate is None or not client.startswith(fate.client):
            return None
        fate.left -= 1
        if fate.left == 0:
            del fates[api]
        self.met.add(api, client)
        return fate


def asking(frame: bytes) -> tuple[int, str]:
    """Return the kind of a request and the id of the client, as in every header (kafka.apache.org/protocol)."""
    api, _version, _correlation, length = HEADER.unpack_from(frame, FRAME.size)
    begins = FRAME.size + HEADER.size
    return api, frame[begins : begins + max(length, 0)].decode()  # -1: it has none
