"""config/harmony.yaml as frozen models: every key, its bounds and its default."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from harmonystate.config.fields import (
    Duration,
    HomePath,
    Host,
    Hosts,
    KeyspaceName,
    Latitude,
    Longitude,
    Moment,
    OptionalDuration,
    Port,
    RatePerMinute,
    Scalar,
    Snowflake,
    TopicName,
    Ttl,
)


class Section(BaseModel):
    """A part of the config; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Topics(Section):
    """The names of the topics (contract: docs/glossary.md); `silence` is compacted, the others are streams."""

    global1: TopicName = "global1"
    global2: TopicName = "global2"
    alert: TopicName = "alert"
    dead_letter: TopicName = "dead-letter"
    delivery: TopicName = "delivery"
    silence: TopicName = "silence"

    @model_validator(mode="after")
    def _apart(self) -> Self:
        """Refuse a stage that would read what it writes; the two global topics may be one."""
        others = [self.alert, self.dead_letter, self.delivery, self.silence]
        if len({self.global1, self.global2, *others}) != len({self.global1, self.global2}) + len(others):
            raise ValueError("alert, dead_letter, delivery and silence each need a name of their own")
        return self


class KafkaSettings(Section):
    """Where Kafka is, and how its topics are made.

    Attributes:
        client: further options of kafka-python by its own names, such as security_protocol.
    """

    bootstrap_servers: Annotated[str, Field(min_length=1)] = "127.0.0.1:9092"
    topics: Topics = Topics()
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 4
    replication: Annotated[int, Field(ge=1, le=32767)] = 1
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    client: dict[str, Any] = {}


class CassandraSettings(Section):
    """Where Cassandra is, and how reports are laid out and kept.

    Attributes:
        shards: partitions per hour; fixed once reports are stored.
        report_ttl: how long a report is kept after its event time.
        series_ttl: the same for rollups and series.
    """

    contact_points: Hosts = ("127.0.0.1",)
    port: Port = 9042
    keyspace: KeyspaceName = "harmony"
    datacenter: str = "datacenter1"
    shards: Annotated[int, Field(ge=1, le=10_000)] = 4
    replication: Annotated[int, Field(ge=1, le=99)] = 1
    report_ttl: Ttl = timedelta(days=30)
    series_ttl: Ttl = timedelta(days=365)
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    client: dict[str, Any] = {}


class SparkSettings(Section):
    """How Spark runs.

    Attributes:
        checkpoint: a Hadoop path; None = under the local home, by Kafka cluster id and topic.
        stall_after: no committed batch for so long while there is lag ends ingest with 75.
        trigger_interval: the shortest time from one micro-batch to the next.
        max_offsets_per_trigger: bounds a micro-batch.
        make_archive: let analyze leave a process behind that makes the archive of Spark's classes, where it is missing.
        conf: further spark.conf keys.
    """

    master: str = "local[*,4]"
    checkpoint: str | None = None
    stall_after: Duration = timedelta(minutes=15)
    trigger_interval: Duration = timedelta(milliseconds=500)
    max_offsets_per_trigger: Annotated[int, Field(ge=1)] = 100_000
    make_archive: bool = True
    conf: dict[str, Scalar] = {}


class Box(Section):
    """A piece of the map, in degrees; `west` above `east` crosses the 180th meridian."""

    south: Latitude
    west: Longitude
    north: Latitude
    east: Longitude

    @model_validator(mode="after")
    def _upright(self) -> Self:
        if self.south > self.north:
            raise ValueError("south lies north of north")
        return self


class RouteSettings(Section):
    """Where alerts go that meet every condition named.

    Attributes:
        max_score: the lowest score of the alert is at most this; None = any.
        area: the alert was heard in it; None = anywhere.
        role_id: who is mentioned on its cards; None = nobody.
    """

    channel_id: Snowflake
    role_id: Snowflake | None = None
    max_score: Annotated[int, Field(ge=0, le=10)] | None = None
    area: Box | None = None


class DiscordSettings(Section):
    """Where alerts are told. Without a token they go to the terminal.

    Attributes:
        channel_id: where an alert goes that no route takes.
        routes: the first one that takes an alert says where it goes.
        repeat_interval: how long whoever is seen again by the same drone is counted on the card that stands there; None
            or 0 = never.
        buttons: put Acknowledge and Silence 1 h under each message of cards.
        heartbeat_after: say so when no report came for so long; None or 0 = never.
    """

    token: SecretStr | None = None
    token_file: Path | None = None
    channel_id: Snowflake | None = None
    rest_url: str | None = None
    routes: tuple[RouteSettings, ...] = ()
    repeat_interval: OptionalDuration = None
    buttons: bool = True
    heartbeat_after: OptionalDuration = None


class City(Section):
    """The circle in which drones fly."""

    latitude: Annotated[float, Field(ge=-85, le=85)] = 48.8566
    longitude: Annotated[float, Field(ge=-180, le=180)] = 2.3522
    radius_km: Annotated[float, Field(gt=0, le=500)] = 12


class ProduceSettings(Section):
    """The simulated fleet; `rate` is reports per drone and minute."""

    drones: Annotated[int, Field(ge=1, le=2**31 - 1)] = 100
    rate: RatePerMinute = Fraction(1)
    alert_ratio: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.05")
    city: City = City()


class AlertSettings(Section):
    """Who is sad: scores strictly below the threshold."""

    threshold: Annotated[int, Field(ge=0, le=11)] = 2


class AnalysisSettings(Section):
    """What `analyze` answers by default: the `top` saddest, `since` a duration ago or an ISO time."""

    top: Annotated[int, Field(ge=1, le=10_000)] = 10
    since: Moment = "24h"


class DashboardSettings(Section):
    """Where `dashboard` listens. The page has no login: whoever reaches it can read it."""

    host: Host = "127.0.0.1"
    port: Port = 8050


class GrafanaSettings(Section):
    """Where Grafana is, for `harmony doctor` to look at its datasource; nothing else of ours asks it.

    Attributes:
        token: of a service account that may read datasources.
    """

    url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")] | None = None
    token: SecretStr | None = None
    token_file: Path | None = None


class LocalSettings(Section):
    """The local servers and everything we keep on this host."""

    home: HomePath = Field(default_factory=lambda: platformdirs.user_state_path("harmony"))
    heap: Annotated[str, Field(pattern=r"^[1-9][0-9]*[mg]$")] = "512m"
    jvm_options: tuple[Annotated[str, Field(pattern=r"^-\S+$")], ...] = ()


class Config(Section):
    """The whole config."""

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    cassandra: CassandraSettings = Field(default_factory=CassandraSettings)
    spark: SparkSettings = Field(default_factory=SparkSettings)
    discord: DiscordSettings = Field(default_factory=DiscordSettings)
    produce: ProduceSettings = Field(default_factory=ProduceSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    analysis: AnalysisSettings = Field(default_factory=AnalysisSettings)
    dashboard: DashboardSettings = Field(default_factory=DashboardSettings)
    grafana: GrafanaSettings = Field(default_factory=GrafanaSettings)
    local: LocalSettings = Field(default_factory=LocalSettings)


class Environment(Config, BaseSettings):
    """Names the variables of the same keys. A class of its own, so that no Config reads the environment unasked."""

    model_config = SettingsConfigDict(env_prefix="HARMONY_", env_nested_delimiter="__", env_ignore_empty=True)
