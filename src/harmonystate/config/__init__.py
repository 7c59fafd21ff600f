"""The config: flag > environment > secret file > YAML > default.

models.py   every key, its bounds and its default
fields.py   what its values are, as people write them
load.py     finds the file, merges the sources, says what is wrong by the key's path
file.py     reads the YAML and the secret files, strictly
secrets.py  where a secret may come from
dump.py     writes a config as a file
review.py   where each value comes from; all that is wrong with a file
"""

from harmonystate.config.load import find, load
from harmonystate.config.models import (
    AlertSettings,
    AnalysisSettings,
    CassandraSettings,
    City,
    Config,
    DashboardSettings,
    DiscordSettings,
    GrafanaSettings,
    KafkaSettings,
    LocalSettings,
    ProduceSettings,
    RouteSettings,
    SparkSettings,
    Topics,
)

__all__ = [
    "AlertSettings",
    "AnalysisSettings",
    "CassandraSettings",
    "City",
    "Config",
    "DashboardSettings",
    "DiscordSettings",
    "GrafanaSettings",
    "KafkaSettings",
    "LocalSettings",
    "ProduceSettings",
    "RouteSettings",
    "SparkSettings",
    "Topics",
    "find",
    "load",
]
