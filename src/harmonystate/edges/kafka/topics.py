"""Makes the topics."""

from kafka import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    InvalidReplicationFactorError,
    NoError,
    PolicyViolationError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin_or_explain
from harmonystate.edges.kafka.plans import Plan, plans
from harmonystate.edges.kafka.rights import refuse_hidden, refused
from harmonystate.edges.kafka.topic_state import differences, retention_warnings
from harmonystate.errors import Misconfigured, Unavailable

# Kafka's own default; a busy broker needs more for it than for the answer that it is there.
MAKING_TAKES_MS = 30_000


def create_topics(settings: KafkaSettings) -> list[str]:
    """Make the topics that are not there; change none that is. Safe to run again, and by several at once.

    Returns:
        lines that say what was made, what was there, what differs from the config.

    Raises:
        Unavailable: when Kafka does not answer.
        Misconfigured: when Kafka refuses to make one, such as with more replicas than brokers, or gives us no right.
    """
    wanted = plans(settings)
    names = [plan.name for plan in wanted]
    with open_admin_or_explain(settings, request_timeout_ms=MAKING_TAKES_MS) as admin:
        # What we may not see would be waited for in vain.
        refuse_hidden(admin.describe_topics(names), to="DESCRIBE")
        made = {plan.name for plan in wanted if _create(admin, plan)}
        admin.wait_for_topics(names, timeout_ms=MAKING_TAKES_MS)
        lines = [_say_made(plan) if plan.name in made else _say_there(admin, plan) for plan in wanted]
        return lines + [f"warning: {warning}" for warning in retention_warnings(admin, wanted)]


def _create(admin: KafkaAdminClient, plan: Plan) -> bool:
    """Make one topic; say whether it was us, and nobody before or beside us."""
    options = {"num_partitions": plan.partitions, "replication_factor": plan.replication, "configs": plan.config}
    (result,) = admin.create_topics({plan.name: options}, raise_errors=False)["topics"]
    error = for_code(result["error_code"])
    if error is NoError:
        return True
    if error is TopicAlreadyExistsError:
        return False
    if issubclass(error, AuthorizationError):
        raise refused(TopicAuthorizationFailedError([plan.name]), to="CREATE")
    problem = f"Kafka does not make topic {plan.name}: {result.get('error_message') or error.description}"
    if issubclass(error, InvalidReplicationFactorError | PolicyViolationError) or not error.retriable:
        raise Misconfigured(problem)
    raise Unavailable(f"{problem}; try again")


def _say_made(plan: Plan) -> str:
    return f"topic {plan.name}: made, partitions {plan.partitions}, replication {plan.replication}"


def _say_there(admin: KafkaAdminClient, plan: Plan) -> str:
    (topic,) = admin.describe_topics([plan.name])
    differing = "; ".join(map(str, differences(admin, plan, topic)))
    return f"topic {plan.name}: " + (f"there, left as it is: {differing}" if differing else "there")
