"""deploy/cluster.md: its keys are ours, its broker's settings are Kafka's."""

import re

import yaml

from harmonystate.config import Config
from harmonystate.edges.spark.conf import free_conf, is_local
from tests.deploy.conftest import ROOT

PAGE = (ROOT / "deploy/cluster.md").read_text()


def test_the_keys_that_change_are_a_config_that_we_take():
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    config = Config.model_validate(yaml.safe_load(block))

    assert (config.kafka.replication, config.cassandra.replication) == (3, 3)
    assert len(config.cassandra.contact_points) == 3
    assert not is_local(config.spark.master)
    assert free_conf(config.spark.conf)


def test_every_master_that_it_names_is_one_for_a_cluster():
    masters = re.findall(r'`master: "?([^`"]+)"?`', PAGE)

    assert [master.split(":")[0] for master in masters] == ["spark", "yarn", "k8s"]
    assert not any(is_local(master) for master in masters)


def test_three_brokers_differ_from_the_local_one_in_known_settings_only():
    template = (ROOT / "src/harmonystate/data/kafka.properties").read_text()
    block = PAGE[PAGE.index("node.id=N") :].split("```")[0]

    keys = [line.partition("=")[0] for line in block.splitlines()]

    new = {key for key in keys if f"\n{key}=" not in template}
    assert {"min.insync.replicas", "broker.rack"} <= new
    assert new <= {"min.insync.replicas", "broker.rack", "controlled.shutdown.enable", "broker.session.timeout.ms"}
