"""The limits of Discord between hikari and the network: one try is one request.

hikari's own bucket manager sends a request again by itself, at once where a global limit meets a bucket that it does
not know yet, and guesses the windows. This one asks core.rate_limits; what must wait is raised, and the caller waits
where it can also be stopped and choose anew. `Buckets` takes the place of RESTApp's, a private attribute; the tests
hold hikari to it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import hikari
from hikari.impl import RESTBucketManager
from hikari.internal.routes import CompiledRoute

from harmonystate.core.rate_limits import Headers, Limits

# A request of these is tried once; others, which only read, wait for their turn by themselves.
_TRIED_ONCE = ("POST", "PATCH")
# What hikari would send a second time on its own, for a reason that it does not tell.
AGAIN_S = 1.0


class Buckets(RESTBucketManager):
    """hikari's bucket manager, with our rules."""

    def __init__(self) -> None:
        super().__init__(0.0)  # hikari waits for nothing by itself
        self._limits = Limits()
        self._last: CompiledRoute | None = None

    def wait_s(self, method: str, channel_id: str) -> float:
        """Return how long to wait before a message may be posted or edited; 0 = now. May be asked from any thread."""
        return self._limits.wait_s(method, channel_id, time.monotonic())

    def acquire_bucket(
        self,
        compiled_route: CompiledRoute,
        authentication: str | None,  # noqa: ARG002
    ) -> AbstractAsyncContextManager[None]:
        """Wait for a request's turn, or raise when it is one that its caller is to try again."""
        return self._turn(compiled_route)

    def update_rate_limits(  # noqa: PLR0913, PLR0917 - hikari's
        self,
        compiled_route: CompiledRoute,
        authentication: str | None,  # noqa: ARG002
        bucket_header: str,
        remaining_header: int,
        limit_header: int,
        reset_at: float,  # noqa: ARG002 - by Discord's clock
        reset_after: float,
    ) -> None:
        """Learn from an answer."""
        says = Headers(bucket_header, limit_header, remaining_header, reset_after)
        self._limits.learn(*_key(compiled_route), says, time.monotonic())

    def throttle(self, retry_after: float) -> None:
        """Learn that all requests are too many."""
        self._limits.close(time.monotonic() + retry_after)

    @asynccontextmanager
    async def _turn(self, compiled_route: CompiledRoute) -> AsyncIterator[None]:
        route, channel = _key(compiled_route)
        while wait_s := self._limits.wait_s(route, channel, time.monotonic()):
            if compiled_route.method in _TRIED_ONCE:
                raise _too_soon(compiled_route, wait_s)
            await asyncio.sleep(wait_s)
        if compiled_route.method in _TRIED_ONCE and compiled_route is self._last:
            raise _too_soon(compiled_route, AGAIN_S)
        self._last = compiled_route
        self._limits.send(route, channel, time.monotonic())
        try:
            yield
        finally:
            self._limits.finish(route, channel, time.monotonic())


def install(app: hikari.RESTApp) -> Buckets:
    """Let every request of `app` go through our limits; before it starts."""
    buckets = Buckets()
    app._bucket_manager = buckets
    return buckets


def _key(compiled_route: CompiledRoute) -> tuple[str, str]:
    """Return what tells buckets apart: a method (ours all lead to messages) and the channel."""
    return compiled_route.method, compiled_route.major_param_hash


def _too_soon(compiled_route: CompiledRoute, wait_s: float) -> hikari.RateLimitTooLongError:
    return hikari.RateLimitTooLongError(
        route=compiled_route,
        is_global=False,
        retry_after=wait_s,
        max_retry_after=0.0,
        reset_at=time.time() + wait_s,
        limit=None,
        period=None,
    )
