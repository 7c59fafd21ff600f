"""A Maven repository on loopback, for jars of our own making."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harmonystate.edges.local.jar_lock import Jar

PIECE = 8192


class Repository:
    """What it serves, by path, and what it was asked for.

    Attributes:
        cut: how many answers still end in the middle.
        on_piece: called after each piece of an answer.
        on_ask: called before each answer.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.cut = 0
        self.on_ask: Callable[[], object] = lambda: None
        self.on_piece: Callable[[], object] = lambda: None

    def publish(self, name: str, content: bytes, *, sets: set[str]) -> Jar:
        """Serve a jar, and return the line that a lock would have for it."""
        jar = Jar(frozenset(sets), "org.example", name, "1.0", "", hashlib.sha256(content).hexdigest(), len(content))
        self.files[f"/{jar.path}"] = content
        return jar


@contextmanager
def serving(repository: Repository) -> Iterator[str]:
    """Serve it; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            repository.asked.append(self.path)
            repository.on_ask()
            content = repository.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            whole = not repository.cut
            repository.cut = max(0, repository.cut - 1)
            answer = content if whole else content[:-1]
            for start in range(0, len(answer), PIECE):
                self.wfile.write(answer[start : start + PIECE])
                repository.on_piece()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
