import pytest
from pyspark.errors import StreamingQueryException

from harmonystate.edges.spark.faults import RecordsGone, cause_of, explaining, refuse_final
from harmonystate.errors import BadInput, Busy, Misconfigured, Unavailable

CHECKPOINT = "/home/of/checkpoint"
LOST = """An error occurred while calling o413.save.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 1 in stage 9.0 failed 4 times
java.lang.IllegalStateException: Cannot fetch offset 32 (GroupId: spark-6d9e, TopicPartition: city.global2-0).
Some data may have been lost because they are not available in Kafka any more; either the
 data was aged out by Kafka or the topic may have been deleted before all the data in the
"""
AWAY = """org.apache.spark.SparkException: Writing job aborted
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.writingJobAbortedError(QueryExecutionErrors.scala:767)
Caused by: java.util.concurrent.ExecutionException: oh
\tat java.base/java.util.concurrent.CompletableFuture.reportGet
Caused by: org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment.
\tat org.apache.kafka
"""
# Both as Spark said it, on a secured Kafka and a secured Cassandra.
NO_READ = """An error occurred while calling o417.save.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, most recent \
failure: Lost task 0.3 in stage 3.0 (TID 15) (localhost executor driver): org.apache.kafka.common.errors.\
TopicAuthorizationException: Not authorized to access topics: [global2]

Driver stacktrace:
"""
NO_MODIFY = """java.io.IOException: Failed to write statements to harmony.report. The
latest exception was
  User reader has no MODIFY permission on <table harmony.report> or any of its parents

Please check the executor logs for more exceptions and information
"""


def ended(text, trace=""):
    """Return what pyspark raises of a query that ended so."""
    fault = StreamingQueryException(f"[STREAM_FAILED] Query [id = 1] terminated with exception: {text}")
    fault._stackTrace = trace
    return fault


def test_a_service_that_was_away_is_worth_another_try():
    refuse_final(ended("Writing job aborted", AWAY), CHECKPOINT)
    refuse_final(Unavailable("Kafka does not answer"), CHECKPOINT)


def test_records_that_are_gone_are_named_by_their_place():
    with pytest.raises(RecordsGone, match=r"city\.global2, partition 0: .* from offset 32 on") as raised:
        refuse_final(ended(LOST), CHECKPOINT)

    assert (raised.value.partition, raised.value.offset) == (0, 32)


def test_a_topic_that_was_made_anew_is_bad_input():
    text = "Partition global2-0's offset was changed from 50 to 3, some data may have been missed."

    with pytest.raises(BadInput, match=f"from 50 to 3.*harmony ingest --accept-loss.*{CHECKPOINT}"):
        refuse_final(ended(text), CHECKPOINT)


@pytest.mark.parametrize(
    ("text", "trace"),
    [
        ("Failed to read log file file:/home/of/checkpoint/offsets/3. Incomplete log file", ""),
        ("Unexpected end-of-input", "com.fasterxml.jackson.core.io.JsonEOFException: Unexpected end-of-input"),
        ('Expected e.g. {"topicA":{"0":23,"1":-1},"topicB":{"0":-2}}, got {"a', ""),
        ("No content to map", "com.fasterxml.jackson.databind.exc.MismatchedInputException: No content to map"),
        (
            "requirement failed",
            "at org.apache.spark.sql.kafka010.KafkaSourceInitialOffsetWriter.deserialize",
        ),
    ],
)
def test_a_damaged_checkpoint_is_named_with_the_remedy(text, trace):
    with pytest.raises(BadInput, match=f"checkpoint is damaged .*harmony ingest --repair-checkpoint.*{CHECKPOINT}"):
        refuse_final(ended(text, trace), CHECKPOINT)


def test_a_full_disk_is_named_with_what_to_do():
    full = "org.apache.hadoop.fs.FSError: java.io.IOException: No space left on device"

    with pytest.raises(
        Busy, match=f"no space is left for the checkpoint {CHECKPOINT}.*make room, and start ingest again"
    ):
        refuse_final(ended("Writing job aborted", full), CHECKPOINT)


def test_a_checkpoint_where_none_can_be_is_the_config_s_fault():
    with pytest.raises(Misconfigured, match=r"spark\.checkpoint: cannot use"):
        refuse_final(ended("org.apache.hadoop.fs.FileAlreadyExistsException: not a directory"), CHECKPOINT)


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        (NO_READ, "Kafka gives us no right: grant kafka.username READ on topic global2"),
        (
            "GroupAuthorizationException: Not authorized to access group: spark-kafka\n\tat org.apache",
            "Kafka gives us no right: grant kafka.username READ on group spark-kafka",
        ),
        (
            NO_MODIFY,
            f"Cassandra grants user reader too little: {NO_MODIFY.splitlines()[2].strip()}",
        ),
    ],
)
def test_a_right_that_is_missing_is_for_a_person_to_grant(trace, said):
    with pytest.raises(Misconfigured) as refused:
        refuse_final(ended("Writing job aborted", trace), CHECKPOINT)

    assert str(refused.value) == said


def test_a_checkpoint_that_another_host_uses_is_busy():
    with pytest.raises(Busy):
        refuse_final(ended("Multiple streaming queries are concurrently using file:/x/offsets"), CHECKPOINT)


@pytest.mark.parametrize("fault", [TypeError("a bug of ours"), Misconfigured("a wrong config"), Busy("fenced")])
def test_what_is_no_service_that_was_away_is_raised_as_it_is(fault):
    with pytest.raises(type(fault)) as raised:
        refuse_final(fault, CHECKPOINT)

    assert raised.value is fault


def test_a_bug_in_a_worker_is_a_bug():
    fault = ended("Task failed", "org.apache.spark.api.python.PythonException: Traceback (most recent call last)")

    with pytest.raises(StreamingQueryException):
        refuse_final(fault, CHECKPOINT)


def test_the_cause_is_the_innermost_in_one_line():
    assert cause_of(ended("Writing job aborted", AWAY)) == (
        "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment."
    )
    assert cause_of(ValueError("An error occurred while calling o1.start.\n: java.io.IOException: disk full\n")) == (
        "java.io.IOException: disk full"
    )
    assert cause_of(Unavailable("Kafka is away")) == "Kafka is away"


def test_what_a_node_of_cassandra_answered_is_not_cut_off_by_what_stands_before_it():
    refused = "com.example.AuthenticationException: Authentication error on node 10.0.0.1:9042: incorrect"
    before = "Could not reach any contact point (showing first 1 nodes, use getAllErrors() for more): "
    node = "Node(endPoint=/10.0.0.1:9042, hostId=null, hashCode=1)"
    text = f"java.io.IOException: no\nCaused by: com.example.AllNodesFailedException: {before}{node}: [{refused}]\n"

    assert cause_of(ValueError(text)) == refused


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (NO_MODIFY, Misconfigured, "grants user reader too little"),
        ("java.io.IOException: No space left on device", Busy, "no space is left in spark.local.dir"),
        (
            "java.io.IOException: Failed to open native connection to Cassandra at {127.0.0.1:9042}",
            Unavailable,
            "Cassandra at here does not answer Spark: .* Failed to open native connection",
        ),
        (
            "Job aborted\nCaused by: com.datastax.oss.driver.api.core.DriverTimeoutException: Query timed out",
            Unavailable,
            "Query timed out",
        ),
    ],
)
def test_what_ends_a_job_on_cassandra_s_tables_is_said_where_somebody_can_mend_it(text, kind, said):
    with pytest.raises(kind, match=said), explaining("Cassandra at here"):
        raise ended(text)


def test_what_may_be_a_bug_of_ours_stays_as_it_is():
    with pytest.raises(StreamingQueryException), explaining("Cassandra at here"):
        raise ended("org.apache.spark.SparkRuntimeException: [DIVIDE_BY_ZERO] Division by zero")
