"""Serves the page on one address, in a thread, while the body of a `with` runs."""

import socket
import threading
import time
import webbrowser
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files

import structlog
import uvicorn
from fastapi import FastAPI, Request, Response
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from harmonystate.core.loopback import is_loopback
from harmonystate.core.snapshot import Snapshot
from harmonystate.edges.page.layout import build
from harmonystate.errors import Unavailable

START_WITHIN_S = 15.0
STOP_WITHIN_S = 5.0
TITLE = "Harmony State"
FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#2f6fed"/>'
    '<path d="M5 18c4-9 7-9 11 0s7 9 11 0" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>'
)
# nicegui's own scripts stand in the page, and Vue compiles its templates there; nothing comes from elsewhere.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)

log = structlog.get_logger("harmony.dashboard")


def listen(host: str, port: int) -> socket.socket:
    """Take the address.

    Raises:
        OSError: when it cannot be had: taken, not of this host, or not for us.
    """
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


@contextmanager
def serving(
    read: Callable[[], Snapshot], listener: socket.socket, *, now: Callable[[], datetime], names: Mapping[str, str]
) -> Iterator[str]:
    """Serve what `read` returns; yield the page's address. `names` are those of the nodes of the pipeline's picture.

    Raises:
        Unavailable: when the server does not start.
    """
    host, port = listener.getsockname()[:2]
    server = uvicorn.Server(_config(_application(build(read, now, names), host)))
    thread = threading.Thread(target=server.run, args=([listener],), name="page", daemon=True)
    thread.start()
    _await_start(server, thread)
    try:
        yield f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    finally:
        server.should_exit = True
        thread.join(STOP_WITHIN_S)


def open_in_browser(address: str) -> None:
    """Open the page in the browser of whoever sits here."""
    webbrowser.open(address)


def _application(page: Callable[..., None], host: str) -> FastAPI:
    application = FastAPI(openapi_url=None)
    application.middleware("http")(_with_policy)
    _refuse_other_names(application, host)
    ui.page("/", title=TITLE, language="en-US", favicon=FAVICON)(page)
    ui.add_css(files(__package__).joinpath("style.css").read_text(), shared=True)
    nicegui_app.on_exception(lambda fault: log.error("the page failed", exc_info=fault))
    # A browser that was away for a moment is sent what it missed; more than that, and it loads the page anew.
    ui.run_with(application, title=TITLE, tailwind=False, message_history_length=20, show_welcome_message=False)
    return application


def _refuse_other_names(application: FastAPI, host: str) -> None:
    """Answer under our own names only where nobody else is to ask: one that a stranger's DNS leads here is none."""
    if is_loopback(host):
        written = f"[{host}]" if ":" in host else host
        application.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", written])


async def _with_policy(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await answer(request)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _config(application: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(application, log_config=None, access_log=False, timeout_graceful_shutdown=1)


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise Unavailable("the page cannot be served: -v says more")
        time.sleep(0.02)
