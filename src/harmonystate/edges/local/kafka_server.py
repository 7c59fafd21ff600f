"""How the local broker is configured and started; the settings themselves stand in data/kafka*."""

import base64
import subprocess
import uuid
from collections.abc import Collection, Sequence
from pathlib import Path

from harmonystate.edges.local import process
from harmonystate.edges.local.kafka_mourning import mourn
from harmonystate.edges.local.ports import kept_ports
from harmonystate.edges.local.probe import kafka_answers
from harmonystate.edges.local.server import JVM_ARGS, PORTS, Jvm, Server
from harmonystate.edges.local.template import class_path, render
from harmonystate.errors import Unavailable


def kafka_server(host: str, port: int, folder: Path, jvm: Jvm, *, avoid: Collection[int] = ()) -> Server:
    """Return the broker of `folder`, to listen on host:port; its own ports `avoid` some."""
    inner = kept_ports(folder / PORTS, ["controller_port"], avoid={port, *avoid})

    def prepare(java_home: Path, jars: Sequence[Path]) -> None:
        render("kafka.properties", folder / "conf/server.properties", host=host, port=port, **inner)
        render("kafka-log4j2.properties", folder / "conf/log4j2.properties")
        render("kafka-jvm.args", folder / JVM_ARGS, classpath=class_path(jars), **jvm.values)
        if (folder / "data/meta.properties").exists():
            mourn(folder, _java(folder, java_home), **inner)
        else:
            _format(folder, java_home)

    return Server(
        name="Kafka",
        jars="kafka",
        folder=folder,
        host=host,
        port=port,
        inner_ports=tuple(inner.values()),
        main=("kafka.Kafka", "conf/server.properties"),
        prepare=prepare,
        answers=kafka_answers,
    )


def _format(folder: Path, java_home: Path) -> None:
    """Give the data folder its cluster id: a new one, so that a checkpoint of another broker never meets it."""
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = ["kafka.tools.StorageTool", "format", "--standalone", "--config=conf/server.properties"]
    done = subprocess.run(
        [*_java(folder, java_home), *tool, f"--cluster-id={cluster_id}"],
        cwd=folder,
        env=process.without_our_settings(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
        raise Unavailable(f"Kafka's data folder {folder / 'data'} cannot be made: {said[-1]}")


def _java(folder: Path, java_home: Path) -> list[str]:
    """Return a command line up to the main class, for what lives for a second: no time to compile its code well."""
    return [str(java_home / "bin/java"), "-XX:TieredStopAtLevel=1", f"@{folder / JVM_ARGS}"]
