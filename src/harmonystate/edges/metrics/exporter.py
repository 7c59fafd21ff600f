"""Serves a stage's figures on 127.0.0.1. They are read off its meter when somebody asks: the stage does not know."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from harmonystate.edges.metrics.meter import Meter
from harmonystate.errors import Busy

# Figures of the city are nobody's business on the network; who reads them from elsewhere has a reader on this host.
ADDRESS = "127.0.0.1"


@contextmanager
def exporting(meter: Meter, port: int | None) -> Iterator[str | None]:
    """Serve the meter's figures while the body runs; yields the address, None without a port (0 = a free one).

    Raises:
        Busy: when somebody else has the port.
    """
    if port is None:
        yield None
        return
    # It takes a moment to import, which nobody waits for who does not ask.
    from prometheus_client import start_http_server

    from harmonystate.edges.metrics.collector import make_registry

    try:
        server, thread = start_http_server(port, addr=ADDRESS, registry=make_registry(meter))
    except OSError as fault:
        raise Busy(f"--metrics-port {port}: {fault.strerror}: give another, or stop who has it") from None
    at = f"http://{ADDRESS}:{server.server_port}/metrics"
    structlog.get_logger(f"harmony.{meter.stage}").info("metrics can be read", at=at)
    try:
        yield at
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=2)
