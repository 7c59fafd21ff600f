"""What to do when Kafka gives us no right: its own errors name neither the user nor the right."""

from collections.abc import Iterable, Mapping
from typing import Any

import kafka.errors as kafka_errors

from harmonystate.errors import Misconfigured

# An error, what it is about, and the rights (ACLs) that are asked for there.
_WANTED: tuple[tuple[type[kafka_errors.KafkaError], str, str], ...] = (
    (kafka_errors.TopicAuthorizationFailedError, "topic", "READ"),
    (kafka_errors.GroupAuthorizationFailedError, "group", "READ"),
    (kafka_errors.TransactionalIdAuthorizationFailedError, "transactional id", "WRITE"),
)


def refused(fault: kafka_errors.AuthorizationError, *, to: str = "READ", name: str = "") -> Misconfigured:
    """Return which right `kafka.username` lacks, in one line.

    Args:
        fault: what kafka-python raised.
        to: the right that is asked for with a topic, such as WRITE.
        name: of what it is about, where the fault does not say.
    """
    for kind, what, right in _WANTED:
        if isinstance(fault, kind):
            wanted = to if what == "topic" else right
            return Misconfigured(
                f"Kafka gives us no right: grant kafka.username {wanted} on {what} {_named(fault) or name}".rstrip()
            )
    return Misconfigured(f"Kafka gives us no right to do this: {fault}")


def refuse_hidden(topics: Iterable[Mapping[str, Any]], *, to: str) -> None:
    """Raise Misconfigured when Kafka, as `describe_topics` tells, shows us not all of them; `to` as for `refused`."""
    errno = kafka_errors.TopicAuthorizationFailedError.errno
    if hidden := [topic["name"] for topic in topics if topic["error_code"] == errno]:
        raise refused(kafka_errors.TopicAuthorizationFailedError(hidden), to=to)


def _named(fault: kafka_errors.AuthorizationError) -> str:
    about: Any = fault.args[0] if fault.args else ""
    return ", ".join(sorted(about)) if isinstance(about, set | frozenset | list | tuple) else str(about)
