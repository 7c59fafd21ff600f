"""How far Spark is with what it does now."""

from typing import TYPE_CHECKING

from py4j.protocol import Py4JError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def task_progress(spark: "SparkSession") -> tuple[int, int] | None:
    """Return how many tasks of the jobs that run are done, and how many there are so far.

    None when none runs, or when Spark does not say.
    """
    try:
        return _count(spark)
    except (Py4JError, OSError):
        return None


def _count(spark: "SparkSession") -> tuple[int, int] | None:
    tracker = spark.sparkContext.statusTracker()
    jobs = [job for number in tracker.getActiveJobsIds() if (job := tracker.getJobInfo(number)) is not None]
    numbers = {stage for job in jobs for stage in job.stageIds}
    stages = [stage for number in numbers if (stage := tracker.getStageInfo(number)) is not None]
    if not stages:
        return None
    return sum(stage.numCompletedTasks for stage in stages), sum(stage.numTasks for stage in stages)
