"""Where the real Kafka and Cassandra of the tests are, and a config for them with names that nobody else uses."""

import itertools
import os
import uuid
from pathlib import Path
from typing import NamedTuple

from harmonystate.config import CassandraSettings, Config, KafkaSettings, LocalSettings, SparkSettings, Topics, dump

_RUN = uuid.uuid4().hex[:8]
_numbers = itertools.count()
# A JVM that lives for minutes spends more on its second compiler than that ever gives back.
SHORT_LIVED = ("-XX:TieredStopAtLevel=1",)
SHORT_LIVED_SPARK = SparkSettings(conf={"spark.driver.extraJavaOptions": " ".join(SHORT_LIVED)})


class Services(NamedTuple):
    """Where the services of a test run are.

    Attributes:
        kafka: host:port.
    """

    kafka: str
    cassandra_host: str
    cassandra_port: int


def named_services(text: str) -> Services:
    """Read `kafkahost:port,cassandrahost:port`."""
    kafka, cassandra = text.split(",")
    host, port = cassandra.rsplit(":", 1)
    return Services(kafka, host, int(port))


def local_config(services: Services, home: Path) -> Config:
    """Return a config for these services, in this home, with names that nobody else uses."""
    prefix = f"t{_RUN}.{next(_numbers)}"
    names = {"global1": "global1", "global2": "global2", "alert": "alert"}
    names |= {"dead_letter": "dead-letter", "delivery": "delivery", "silence": "silence"}
    topics = Topics(**{key: f"{prefix}.{name}" for key, name in names.items()})
    return Config(
        kafka=KafkaSettings(bootstrap_servers=services.kafka, topics=topics),
        cassandra=CassandraSettings(
            contact_points=(services.cassandra_host,),
            port=services.cassandra_port,
            keyspace=prefix.replace(".", "_"),
        ),
        local=LocalSettings(home=home, jvm_options=SHORT_LIVED),
        spark=SHORT_LIVED_SPARK,
    )


def write_config(config: Config, path: Path) -> Path:
    """Write `config` as YAML, for `harmony --config PATH` in a child process; secrets are left out."""
    return dump.write(config, path)


def child_environment(**more: str) -> dict[str, str]:
    """Return the environment for a child process: ours, without any setting of Harmony State."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HARMONY_")} | more
