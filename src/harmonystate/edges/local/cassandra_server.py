"""How the local Cassandra is configured and started; the settings themselves stand in data/cassandra*."""

from collections.abc import Collection, Sequence
from pathlib import Path

from harmonystate.edges.local.ports import kept_ports
from harmonystate.edges.local.probe import cassandra_answers
from harmonystate.edges.local.server import JVM_ARGS, PORTS, Jvm, Server
from harmonystate.edges.local.template import class_path, quoted, render


def cassandra_server(host: str, port: int, folder: Path, jvm: Jvm, *, avoid: Collection[int] = ()) -> Server:
    """Return the node of `folder`, for CQL on host:port; no inner port is in `avoid`."""
    inner = kept_ports(folder / PORTS, ["storage_port", "jmx_port"], avoid={port, *avoid})

    def prepare(_java_home: Path, jars: Sequence[Path]) -> None:
        storage_port, jmx_port = inner["storage_port"], inner["jmx_port"]
        render("cassandra.yaml", folder / "conf/cassandra.yaml", host=host, port=port, storage_port=storage_port)
        render("cassandra-logback.xml", folder / "conf/logback.xml")
        # The agent that measures objects is one of the jars; without it memtables are sized by guess.
        agent = next(quoted(str(jar)) for jar in jars if jar.name.startswith("jamm-"))
        values = {"jmx_port": jmx_port, "agent": agent, "classpath": class_path(jars)}
        render("cassandra-jvm.args", folder / JVM_ARGS, **jvm.values, **values)

    return Server(
        name="Cassandra",
        jars="cassandra",
        folder=folder,
        host=host,
        port=port,
        inner_ports=tuple(inner.values()),
        main=("org.apache.cassandra.service.CassandraDaemon",),
        prepare=prepare,
        answers=cassandra_answers,
    )
