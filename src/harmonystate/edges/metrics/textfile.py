"""A file of figures for node_exporter's textfile collector: whole or not at all, whoever reads it meanwhile."""

from collections.abc import Mapping
from pathlib import Path

from harmonystate.core.metrics import ANALYZE
from harmonystate.errors import Misconfigured


def write_textfile(path: Path, values: Mapping[str, float | None]) -> None:
    """Write the figures of a run of analyze; None leaves one out.

    Args:
        path: its name ends in .prom, or node_exporter passes it over.
        values: by the names of `core.metrics.ANALYZE`.

    Raises:
        Misconfigured: when it cannot be written.
    """
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

    registry = CollectorRegistry()
    for figure in ANALYZE:
        if (value := values[figure.name]) is not None:
            Gauge(figure.name, figure.help, registry=registry).set(value)
    try:
        write_to_textfile(str(path), registry)
    except OSError as fault:
        raise Misconfigured(f"--metrics-file {path}: {fault.strerror}") from None
