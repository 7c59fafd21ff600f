"""Grafana, when it is configured: is it there, with a datasource that reaches Cassandra."""

from collections.abc import Iterator

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.checkup import Finding, fail, ok, warn
from harmonystate.edges.grafana import datasource as grafana


def answers(config: Config) -> Iterator[Finding]:
    """Look whether it is there."""
    if config.grafana.url is None:
        yield ok("no Grafana is configured (grafana.url)")
        return
    yield ok(f"{config.grafana.url} is Grafana {grafana.version(config.grafana)}")


def datasource(config: Config) -> Iterator[Finding]:
    """Look whether our datasource is there, and lets the plugin ask Cassandra."""
    if config.grafana.url is None:
        return
    found = grafana.datasource(config.grafana)
    if found.status in (401, 403):
        says = f"Grafana does not let us look at its datasources ({found.status})"
        yield fail(says) if config.grafana.token else warn(says, "set grafana.token_file, or HARMONY_GRAFANA__TOKEN")
    elif found.status != 200:
        yield fail(f"Grafana has no datasource {grafana.UID} ({found.status})", "provision grafana/ of this project")
    elif (kind := found.body.get("type")) != grafana.KIND:
        yield fail(f"datasource {grafana.UID} is of type {kind}, not {grafana.KIND}")
    else:
        yield from _health(config)


def _health(config: Config) -> Iterator[Finding]:
    health = grafana.health(config.grafana)
    if health.status == 200:
        yield ok(f"datasource {grafana.UID} reaches Cassandra")
    else:
        message = " ".join(str(health.body.get("message", health.status)).split())
        yield fail(f"datasource {grafana.UID} does not reach Cassandra: {message}", "mend its address or its login")


GRAFANA = Category(
    "grafana",
    (
        Look("grafana-answers", "start it, or mend grafana.url", answers, vital=True),
        Look("grafana-datasource", "check the token and its role, and provision grafana/ of this project", datasource),
    ),
)
