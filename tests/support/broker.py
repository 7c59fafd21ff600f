"""A Kafka of the test's own, to be killed and frozen; clients reach it directly, or by a second address of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harmonystate.edges.local.kafka_server import kafka_server
from harmonystate.edges.local.ports import LOOPBACK, free_ports
from harmonystate.edges.local.server import Jvm
from tests.support.node import Node
from tests.support.services import SHORT_LIVED


class Broker(Node):
    """One broker on loopback.

    Attributes:
        port: where it listens for whoever is to meet no fault.
        proxied_port: where it listens for a proxy; whoever comes from there is sent on to `advertised_port`.
        advertised_port: where a test may let a proxy listen.
    """

    def __init__(self, folder: Path) -> None:
        self.port, self.proxied_port, self.advertised_port = free_ports(3)
        own = kafka_server(
            LOOPBACK, self.port, folder, Jvm("512m", SHORT_LIVED), avoid=[self.proxied_port, self.advertised_port]
        )

        def prepare(java_home: Path, jars: Sequence[Path]) -> None:
            own.prepare(java_home, jars)
            _listen_twice(folder / "conf/server.properties", self.proxied_port, self.advertised_port)

        # It is made ready, and so its folder formatted, under the plain settings; the second listener comes after.
        super().__init__(replace(own, prepare=prepare))

    def mourned(self) -> str:
        """Return what the controller has said that ran alone before the last start."""
        return (self._server.folder / "log/controller.log").read_text()


def _listen_twice(path: Path, port: int, advertised_port: int) -> None:
    lines = []
    for line in path.read_text().splitlines():
        key, _, value = line.partition("=")
        more = {
            "listeners": f",PROXIED://{LOOPBACK}:{port}",
            "advertised.listeners": f",PROXIED://{LOOPBACK}:{advertised_port}",
            "listener.security.protocol.map": ",PROXIED:PLAINTEXT",
        }.get(key, "")
        lines.append(f"{key}={value}{more}" if more else line)
    # Tests that wait for a session to end would wait 6 s at least, those for the end of a transaction's time 10 s.
    ours = ["group.min.session.timeout.ms=1000", "transaction.abort.timed.out.transaction.cleanup.interval.ms=500"]
    path.write_text("\n".join([*lines, *ours, ""]))
