"""config show and config check: what the config comes to, and what is wrong with a file."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from harmonystate.config import Config
from harmonystate.config.review import examine, settings
from harmonystate.edges.cassandra.connect import check_options
from harmonystate.edges.console.settings import show, write_yaml
from harmonystate.edges.kafka.options import client_options, servers
from harmonystate.edges.spark.conf import free_conf
from harmonystate.edges.spark.kafka_source import security_options
from harmonystate.errors import Misconfigured


def show_all(path: Path | None, *, output: str) -> int:
    """Print every key with its value and its origin, secrets masked."""
    found = settings(path)
    if output == "json":
        json.dump([setting._asdict() for setting in found], sys.stdout, indent=2)
        print()
    elif output == "yaml":
        write_yaml(found, sys.stdout)
    else:
        show(found)
    return 0


def check(path: Path) -> int:
    """Name every fault of a file, one a line on stderr; the environment does not count.

    Returns:
        78 when there is any, else 0.
    """
    found, config = examine(path)
    named = {_key(fault) for fault in found}
    found += [fault for fault in faults_of_clients(config) if _key(fault) not in named]
    for fault in found:
        print(f"harmony: {path}: {fault}", file=sys.stderr)
    if found:
        return Misconfigured.exit_code
    print(f"{path}: no faults")
    return 0


def faults_of_clients(config: Config) -> Iterator[str]:
    """Yield what the clients' own lists of options refuse."""
    looks: tuple[Callable[[], object], ...] = (
        lambda: servers(config.kafka),
        lambda: (client_options(config.kafka), security_options(config.kafka)),
        lambda: check_options(config.cassandra),
        lambda: free_conf(config.spark.conf),
    )
    for look in looks:
        try:
            look()
        except Misconfigured as fault:
            yield str(fault)


def _key(fault: str) -> str:
    return fault.partition(":")[0]
