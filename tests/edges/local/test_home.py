from pathlib import Path

from harmonystate.edges.local.home import Home


def test_each_broker_and_each_topic_has_a_checkpoint_of_its_own():
    home = Home(Path("/srv/harmony"))

    assert home.checkpoint_of("one", "global2") == "/srv/harmony/checkpoint/one/global2"
    assert len({home.checkpoint_of(cluster, topic) for cluster in ("one", "other") for topic in ("a", "b")}) == 4
