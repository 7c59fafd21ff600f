"""The thread of hikari's event loop: kafka-python blocks, so the two must not share one."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

JOIN_S = 5.0


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread of its own while the body runs; what still runs in it then is cancelled."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="discord", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop)
        thread.join(JOIN_S)


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait(others, timeout=JOIN_S / 2) if others else None
    asyncio.get_running_loop().stop()
