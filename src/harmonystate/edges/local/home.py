"""What lies where in the home folder of this host (`local.home`).

```
kafka/  cassandra/    conf, data, log, pid and ports of each local server
checkpoint/           Spark's checkpoints, by Kafka cluster id and topic
warehouse/            where Spark would keep tables of its own, had it any
spark/                what its connector trusts, as Java reads it
locks/                who runs: `up` and `down`, ingest, and each instance of a stage
logs/                 the output of children, and of Spark
demo/                 a home and a config for each demo
```
"""

from pathlib import Path
from typing import NamedTuple


class Home(NamedTuple):
    """The home folder; nothing in it is made before it is needed."""

    root: Path

    @property
    def kafka(self) -> Path:
        """Everything of the local broker."""
        return self.root / "kafka"

    @property
    def cassandra(self) -> Path:
        """Everything of the local Cassandra."""
        return self.root / "cassandra"

    @property
    def checkpoint(self) -> Path:
        """Spark's checkpoints."""
        return self.root / "checkpoint"

    def checkpoint_of(self, cluster_id: str, topic: str) -> str:
        """Where ingest keeps its place in a topic, unless configured: another broker never meets it."""
        return str(self.checkpoint / cluster_id / topic)

    @property
    def locks(self) -> Path:
        """Lock files; they stay, empty, when nobody holds them."""
        return self.root / "locks"

    @property
    def logs(self) -> Path:
        """The output of child processes."""
        return self.root / "logs"
