"""What setup and doctor say of a cluster that forgets a group's offsets before its records are gone."""

import pytest

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.plans import plans
from harmonystate.edges.kafka.topic_state import retention_warnings

# Alerts, dead letters and deliveries are kept for 30 days (contract.md).
MINUTES_OF_30_DAYS = 30 * 24 * 60


class Cluster:
    """Answers as the admin client of a broker with this offsets.retention.minutes does; None = it gives us no right."""

    def __init__(self, minutes):
        self.entries = {} if minutes is None else {"offsets.retention.minutes": {"value": str(minutes)}}

    def describe_cluster(self):
        return {"brokers": [{"broker_id": 7}]}

    def describe_configs(self, resources, **_):
        assert [(resource.name, resource.configs) for resource in resources] == [("7", ["offsets.retention.minutes"])]
        return {"broker": {"7": self.entries}}


@pytest.mark.parametrize("minutes", [MINUTES_OF_30_DAYS, MINUTES_OF_30_DAYS + 1])
def test_offsets_that_outlive_the_records_are_nothing_to_warn_of(minutes):
    assert retention_warnings(Cluster(minutes), plans(KafkaSettings())) == []


def test_that_it_is_not_for_us_to_know_is_said_with_the_right_that_is_missing():
    assert retention_warnings(Cluster(None), plans(KafkaSettings())) == [
        "offsets.retention.minutes of the cluster is not known: grant kafka.username DESCRIBE_CONFIGS on the cluster"
    ]


@pytest.mark.parametrize("minutes", [MINUTES_OF_30_DAYS - 1, 7 * 24 * 60])
def test_offsets_that_do_not_are_warned_of_with_the_key_and_the_days(minutes):
    (warning,) = retention_warnings(Cluster(minutes), plans(KafkaSettings()))

    assert warning.startswith("offsets.retention.minutes of the cluster is below 30 days: ")
