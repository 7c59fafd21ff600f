"""Rollups to the answer that is too large for the driver: who are the saddest."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that Spark's own guide gives it


def saddest(rollups: Sequence[DataFrame], *, top: int) -> DataFrame:
    """Find the persons with most sad sightings over all hours given.

    The order is core.ranking's; of equally many sad sightings fewer sightings make the higher lower bound, so whole
    numbers decide. Names compare by code points: UTF-8 bytes, which Spark compares, keep that order.

    Args:
        rollups: of different hours, at least one frame; reads `lastname`, `firstname`, `sightings` and `sad` (int).
        top: how many at most.

    Returns:
        (`firstname`, `lastname`, `sad` long, `sightings` long), in that order, without those who were never sad.
    """
    columns = ["lastname", "firstname", "sightings", "sad"]
    all_hours = reduce(DataFrame.unionByName, [frame.select(columns) for frame in rollups])
    return (
        all_hours.groupBy("lastname", "firstname")
        .agg(F.sum("sad").alias("sad"), F.sum("sightings").alias("sightings"))
        .where("sad > 0")
        .orderBy(F.desc("sad"), F.asc("sightings"), F.asc("lastname"), F.asc("firstname"))
        .limit(top)
        .select("firstname", "lastname", "sad", "sightings")
    )
