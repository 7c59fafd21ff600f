"""Where a demo lives: a home and ports of its own, none of the configured addresses."""

import shutil
from pathlib import Path

from harmonystate.config import (
    CassandraSettings,
    Config,
    DashboardSettings,
    DiscordSettings,
    KafkaSettings,
    LocalSettings,
    SparkSettings,
    dump,
)
from harmonystate.edges.local import server
from harmonystate.edges.local.children import stop_leftovers
from harmonystate.edges.local.home import Home
from harmonystate.edges.local.ports import free_ports
from harmonystate.edges.local.process import without_our_settings
from harmonystate.edges.local.servers import stop_all

TOKEN = "HARMONY_DISCORD__TOKEN"  # noqa: S105 - the variable's name
# A JVM that lives for minutes spends more on its second compiler than that gives back: demo --exit takes 75 s, not 95.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1"


def config_file(home: Path) -> Path:
    """Return where the demo's config stands: every process of a demo names it on its command line."""
    return home / "harmony.yaml"


def page(config: Config) -> str:
    """Return the address of the demo's dashboard."""
    return f"http://{config.dashboard.host}:{config.dashboard.port}/"


def make(config: Config, home: Path, *, discord: bool) -> Config:
    """Wipe the demo's home, after stopping what a killed demo may have left in it, and write its config there.

    Args:
        config: the fleet, the rules and the servers' heap are as in it; Discord only if `discord`.
        home: the demo's own.
        discord: tell the configured channel.
    """
    stop_leftovers(config_file(home))
    stop_all(Home(home))
    shutil.rmtree(home, ignore_errors=True)
    kafka_port, cassandra_port, page_port = free_ports(3)
    ours = Config(
        kafka=KafkaSettings(bootstrap_servers=f"127.0.0.1:{kafka_port}"),
        cassandra=CassandraSettings(port=cassandra_port),
        discord=config.discord if discord else DiscordSettings(),
        produce=config.produce,
        alerts=config.alerts,
        analysis=config.analysis,
        dashboard=DashboardSettings(port=page_port),
        spark=SparkSettings(conf={"spark.driver.extraJavaOptions": _SHORT_LIVED}, make_archive=False),
        local=LocalSettings(home=home, heap=config.local.heap, jvm_options=(_SHORT_LIVED,)),
    )
    dump.write(ours, config_file(home))
    return ours


def kill(home: Path) -> None:
    """End at once whatever runs in the demo's home; it is wiped before the next one."""
    stop_leftovers(config_file(home), patience_s=0)
    for folder in (Home(home).kafka, Home(home).cassandra):
        server.kill(folder)


def environment(config: Config) -> dict[str, str]:
    """Return the environment of the demo's processes: a setting of ours in it would win over the demo's config."""
    token = config.discord.token
    return without_our_settings() | ({TOKEN: token.get_secret_value()} if token else {})
