"""What ended a query or a job: whether trying again can help, and in one line why it ended."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException

from harmonystate.errors import BadInput, Busy, HarmonyError, Misconfigured, Unavailable

_LONGEST_LINE = 300

_GONE = re.compile(r"Cannot fetch offset (\d+) \(.*?TopicPartition: (\S+)-(\d+)\)")
# The other places in Spark's source where records can turn out to be gone: a topic made anew, a partition removed.
_LOST = re.compile(r"[^\n]*\b[Ss]ome data may have been (?:lost|missed)")
# What a node answered, a wrong password say, stands behind so many words that it would be cut off.
_NO_NODE = re.compile(r"AllNodesFailedException: .*?\): \[(.+)\]")
# What the connector and the Java driver say of a Cassandra that is away, frozen or overloaded.
_NO_ANSWER = re.compile(
    r"\b(?:AllNodesFailed|NoNodeAvailable|DriverTimeout|ClosedConnection|Heartbeat|ReadTimeout|WriteTimeout|Unavailable"
    r"|ReadFailure|WriteFailure|Overloaded|Bootstrapping)Exception\b|Failed to open native connection to Cassandra"
    r"|Failed to write statements to"
)
_WORKER_BUG = re.compile(r"PythonException: .*Traceback", re.DOTALL)


class RecordsGone(BadInput):
    """Kafka has let go of records before they were read.

    Attributes:
        partition: of the topic.
        offset: of the first that is missing.
    """

    def __init__(self, topic: str, partition: int, offset: int) -> None:
        super().__init__(f"{topic}, partition {partition}: records from offset {offset} on are gone")
        self.partition = partition
        self.offset = offset


def refuse_final(fault: BaseException, checkpoint: str) -> None:
    """Raise what trying again cannot mend; return when it can.

    Raises:
        BadInput: records are gone that were not read yet (RecordsGone), or the checkpoint is damaged.
        Misconfigured: the checkpoint cannot be where the config says, or a right is missing in Kafka or in Cassandra.
        Busy: another host uses the checkpoint, or its disk is full.
        HarmonyError: `fault` itself, unless a service was away.
        Exception: `fault` itself, when it is a bug of ours.
    """
    if isinstance(fault, HarmonyError):
        if not isinstance(fault, Unavailable):
            raise fault
        return
    text = text_of(fault)
    if not isinstance(fault, Py4JError | PySparkException) or _WORKER_BUG.search(text):
        raise fault
    if gone := _GONE.search(text):
        raise RecordsGone(gone[2], int(gone[3]), int(gone[1]))
    if lost := _LOST.search(text):
        raise BadInput(
            f"records are gone that ingest has not read: {lost[0].strip()}; to go on without them {let_go(checkpoint)}"
        )
    for pattern, refusal in _REFUSALS:
        if found := pattern.search(text):
            raise refusal(checkpoint, found[0].strip())


@contextmanager
def explaining(away: str) -> Iterator[None]:
    """Raise what ended a job on Cassandra's tables as one of ours; what may be a bug is raised as it is.

    Args:
        away: which Cassandra, for whoever reads that it does not answer.

    Raises:
        Misconfigured: when a right is missing.
        Busy: when Spark's own disk is full.
        Unavailable: when Cassandra does not answer.
    """
    try:
        yield
    except (Py4JJavaError, PySparkException) as fault:
        text = text_of(fault)
        if grant := _NO_GRANT.search(text):
            raise _no_grant("", grant[0].strip()) from fault
        if _NO_SPACE.search(text):
            raise Busy(f"no space is left in spark.local.dir ({cause_of(fault)}): make room, and try again") from fault
        if _NO_ANSWER.search(text):
            raise Unavailable(f"{away} does not answer Spark: {cause_of(fault)}") from fault
        raise


def let_go(checkpoint: str) -> str:
    """Say how to go on with what is there."""
    return f"run `harmony ingest --accept-loss` (checkpoint {checkpoint})"


def mend(checkpoint: str) -> str:
    """Say how to put a checkpoint right, or start over, which is harmless: the same rows are written again."""
    return f"run `harmony ingest --repair-checkpoint` (checkpoint {checkpoint})"


def cause_of(fault: BaseException) -> str:
    """Return the innermost cause in one line."""
    lines = [line.strip().removeprefix(": ") for line in text_of(fault).splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    told = [line for line in lines if not line.startswith("An error occurred while calling")]
    cause = (causes[-1:] or told or [type(fault).__name__])[0]
    of_a_node = _NO_NODE.search(cause)
    return (of_a_node[1] if of_a_node else cause)[:_LONGEST_LINE]


def text_of(fault: BaseException) -> str:
    """Return what a fault says, with the Java stack trace, which pyspark keeps apart."""
    return f"{fault}\n{getattr(fault, '_stackTrace', None) or ''}"


def _damaged(checkpoint: str, found: str) -> HarmonyError:
    return BadInput(f"the checkpoint is damaged ({found}): {mend(checkpoint)}")


def _misplaced(checkpoint: str, found: str) -> HarmonyError:
    return Misconfigured(f"spark.checkpoint: cannot use {checkpoint} ({found})")


def _in_use(checkpoint: str, found: str) -> HarmonyError:
    return Busy(f"another ingest is using the checkpoint {checkpoint} ({found}): stop it first")


def _full(checkpoint: str, found: str) -> HarmonyError:
    # Spark's own files run out of room with the same words, which name neither.
    return Busy(
        f"no space is left for the checkpoint {checkpoint}, or in spark.local.dir ({found}): make room, and start "
        "ingest again, which goes on where it was"
    )


def _no_right(what: str) -> Callable[[str, str], HarmonyError]:
    return lambda _, name: Misconfigured(f"Kafka gives us no right: grant kafka.username READ on {what} {name}")


def _no_grant(_: str, found: str) -> HarmonyError:
    return Misconfigured(f"Cassandra grants user {found.split()[1]} too little: {found}")


_NO_SPACE = re.compile(r"No space left on device")
_NO_GRANT = re.compile(r"User \S+ has no \w+ permission on [^\n]+")
# What Spark says of a log file that was cut, overwritten or emptied; it names the file only in the first case.
_REFUSALS: tuple[tuple[re.Pattern[str], Callable[[str, str], HarmonyError]], ...] = (
    (_NO_SPACE, _full),
    (re.compile(r"\S+/(?:offsets|commits)/\d+\. (?:Incomplete|Malformed) log file"), _damaged),
    (re.compile(r"(?:Incomplete|Malformed) log file|ChecksumException[^\n]*"), _damaged),
    (re.compile(r"JsonEOFException|JsonParseException|MismatchedInputException|Expected e\.g\. \{"), _damaged),
    (re.compile(r"KafkaSourceInitialOffsetWriter"), _damaged),
    (re.compile(r"(?:FileAlreadyExists|AccessControl|UnsupportedFileSystem)Exception[^\n]*"), _misplaced),
    (re.compile(r"Permission denied[^\n]*"), _misplaced),
    (re.compile(r"Multiple streaming queries are concurrently using"), _in_use),
    # What Kafka's client and Cassandra's connector say of a right that is missing.
    (re.compile(r"(?<=Not authorized to access topics: \[)[^\]\n]+"), _no_right("topic")),
    (re.compile(r"(?<=Not authorized to access group: )[^\n]+"), _no_right("group")),
    (_NO_GRANT, _no_grant),
)
