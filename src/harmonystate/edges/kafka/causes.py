"""Why nobody answers.

Whatever is wrong, kafka-python says "Unable to bootstrap" and keeps the cause to its log. So we listen.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from harmonystate.errors import HarmonyError, Misconfigured, Unavailable

_LOG = "kafka.net.manager"
_HUNG_UP = "socket disconnected"
# The broker says more than the client passes on, or, where it hangs up before that is read, nothing at all.
_HALF_TOLD = (_HUNG_UP, "UnsupportedSaslMechanismError", "IllegalSaslStateError")
# What stands in a cause, and what to say of it; the gravest first.
_SAYINGS: tuple[tuple[tuple[str, ...], type[HarmonyError], str], ...] = (
    (
        ("SaslAuthenticationFailedError",),
        Misconfigured,
        "Kafka at {where} refuses the login: check kafka.username and its password",
    ),
    (
        ("IP address mismatch", "Hostname mismatch"),
        Misconfigured,
        "Kafka at {where} has a certificate for another host: check kafka.bootstrap_servers",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED",),
        Misconfigured,
        "Kafka at {where} has a certificate that we do not trust: check kafka.client.ssl_cafile",
    ),
    (
        ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"),
        Misconfigured,
        "Kafka at {where} does not speak TLS: check kafka.client.security_protocol",
    ),
    (
        (_HUNG_UP,),
        Unavailable,
        "Kafka at {where} hangs up: check kafka.client.security_protocol, kafka.username and its password",
    ),
    (("ECONNREFUSED", "refused"), Unavailable, "no Kafka at {where}: connection refused{hint}"),
)


class Causes(logging.Handler):
    """What the client has logged while it tried to connect.

    Attributes:
        heard: the exceptions.
        half_told: whether a broker would say more than was heard: then `hangup` can ask it why.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[BaseException] = []
        self.half_told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what there is of exceptions in the record."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        self.heard += [argument for argument in arguments if isinstance(argument, BaseException)]
        # Of a connection that broke after its start the exception is in the text only.
        self.half_told = self.half_told or any(mark in record.getMessage() for mark in _HALF_TOLD)

    def explain(self, where: str, hint: str) -> HarmonyError:
        """Return the gravest cause as one line: a refused password before a bad certificate before silence."""
        explained = [_explain(cause, where, hint) for cause in self.heard]
        if not explained:
            return Unavailable(f"Kafka at {where} does not answer{hint}")
        return min(explained, key=lambda ranked: ranked[0])[1]


@contextmanager
def listening() -> Iterator[Causes]:
    """Hear what the client's connections say while the body runs."""
    log, causes = logging.getLogger(_LOG), Causes()
    level, propagate = log.level, log.propagate
    log.addHandler(causes)
    log.setLevel(logging.WARNING)
    # What is heard here is said by us, in one line; with -v it is also printed.
    log.propagate = propagate and logging.getLogger().isEnabledFor(logging.WARNING)
    try:
        yield causes
    finally:
        log.removeHandler(causes)
        log.setLevel(level)
        log.propagate = propagate


def _explain(cause: BaseException, where: str, hint: str) -> tuple[int, HarmonyError]:
    """Return how grave a cause is (0 is the gravest) and what to say of it."""
    text = f"{type(cause).__name__}: {cause}"
    for rank, (marks, kind, saying) in enumerate(_SAYINGS):
        if any(mark in text for mark in marks):
            return rank, kind(saying.format(where=where, hint=hint))
    return len(_SAYINGS), Unavailable(f"Kafka at {where} does not answer: {' '.join(str(cause).split())[:200]}{hint}")
