"""What can go wrong that a user can mend, each kind with its exit code (the numbers are those of sysexits.h).

A message says in one line what happened, to what, and what to do next; `cli.main` prints it on stderr and exits.
Anything else is a bug and keeps its traceback, save a place that the system refuses (cli/leaving.py).
"""


class HarmonyError(Exception):
    """A failure that a user can understand and mend."""

    exit_code = 1


class CheckFailed(HarmonyError):
    """A check came out false: the pipeline runs, but does not hold what it promises."""


class BadUsage(HarmonyError):
    """An option whose value is not one; the message names the option."""

    exit_code = 2


class BadInput(HarmonyError):
    """Input data that is not what it should be, where it cannot become a dead letter."""

    exit_code = 65


class Unavailable(HarmonyError):
    """Kafka, Cassandra, Discord or Java is not there; the message names host and port."""

    exit_code = 69


class Busy(HarmonyError):
    """Somebody else holds what we need, or we stopped making progress: trying again later helps."""

    exit_code = 75


class Misconfigured(HarmonyError):
    """The config is wrong, or `harmony setup` has not been run."""

    exit_code = 78
