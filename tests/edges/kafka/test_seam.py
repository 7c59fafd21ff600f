"""Holds the private parts of kafka-python that edges/kafka/seam.py stands on. Red here: read the new release first."""

from types import SimpleNamespace

import kafka.errors
import pytest
from kafka import TopicPartition
from kafka.consumer.subscription_state import SubscriptionState
from kafka.coordinator.consumer import ConsumerCoordinator
from kafka.coordinator.heartbeat import Heartbeat
from kafka.producer.sender import Sender
from kafka.producer.transaction_manager import InitProducerIdHandler, TransactionManager, TransactionState

from harmonystate.edges.kafka import seam


def refused(*_args, **_options):
    raise kafka.errors.KafkaConnectionError("ECONNREFUSED")


@pytest.fixture
def sender():
    """A sender with a request in hand for a coordinator whose connection is refused."""
    manager = TransactionManager(
        transactional_id="id", transaction_timeout_ms=1, retry_backoff_ms=1, api_version=(4, 3)
    )
    manager.initialize_transactions()
    manager._transaction_coordinator = 0
    sender = object.__new__(Sender)
    sender._transaction_manager = manager
    sender._client = SimpleNamespace(await_ready=refused)
    sender._accumulator = SimpleNamespace(has_incomplete=False)
    sender._running, sender._force_close = True, False
    sender.config = Sender.DEFAULT_CONFIG
    return sender


def waiting(sender):
    return [type(handler) for _, _, handler in sender._transaction_manager._pending_requests]


def test_the_client_still_loses_the_request_in_hand(sender):
    sender._maybe_send_pending_request()

    assert InitProducerIdHandler not in waiting(sender)


def test_with_the_seam_the_request_is_kept_for_the_next_turn(sender):
    seam.keep_requests(SimpleNamespace(_sender=sender))

    sender._maybe_send_pending_request()

    assert InitProducerIdHandler in waiting(sender)


def test_the_seam_hides_no_other_error(sender):
    def broken(*_args, **_options):
        raise kafka.errors.SaslAuthenticationFailedError

    sender._client.await_ready = broken
    seam.keep_requests(SimpleNamespace(_sender=sender))

    with pytest.raises(kafka.errors.SaslAuthenticationFailedError):
        sender._client.await_ready(0)


def test_the_client_still_lets_a_transaction_go_on_after_a_batch_expired_in_it():
    """Why Transactor looks at every single future before it commits; Java's client aborts by itself."""
    manager = TransactionManager(transactional_id="id", transaction_timeout_ms=1, api_version=(4, 3))

    verdict = manager.classify_batch_error(kafka.errors.KafkaTimeoutError("Expiring 1 record(s)"), batch=None)

    assert verdict == TransactionManager.ERROR_CLASS_RETRIABLE


def test_the_client_still_ends_a_transaction_well_that_an_epoch_bump_has_emptied():
    """Why Transactor compares epochs: the broker has aborted, and commit would report success."""
    manager = TransactionManager(transactional_id="id", transaction_timeout_ms=1, api_version=(4, 3))
    manager._current_state = TransactionState.IN_TRANSACTION
    manager._transaction_started = True

    manager.bump_producer_id_and_epoch()

    assert not manager._transaction_started


def test_an_absent_broker_is_not_waited_for_without_a_limit():
    manager = TransactionManager(transactional_id="id", transaction_timeout_ms=1, api_version=(4, 3))
    manager._current_state = TransactionState.IN_TRANSACTION
    producer = SimpleNamespace(_transaction_manager=manager, _sender=SimpleNamespace(wakeup=lambda: None))

    with pytest.raises(kafka.errors.KafkaTimeoutError):
        seam.send_offsets(producer, {}, "group", timeout_s=0.01)
    with pytest.raises(kafka.errors.KafkaTimeoutError):
        seam.commit(producer, timeout_s=0.01)


@pytest.fixture
def clock(monkeypatch):
    """Both clocks of the heartbeat, in seconds; moved by hand."""
    clock = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(seam.time, "clock_gettime", lambda _: clock.now)
    monkeypatch.setattr(seam.time, "monotonic", lambda: clock.now)
    return clock


def test_a_heartbeat_is_as_old_as_its_sending_and_not_as_its_answer(clock):
    heartbeat = seam.AnsweredHeartbeat(group_id="group")
    assert heartbeat.age_s == float("inf")

    heartbeat.sent_heartbeat()
    clock.now += 20  # frozen meanwhile: the answer lay in the socket
    heartbeat.received_heartbeat()

    assert heartbeat.age_s == 20
    heartbeat.sent_heartbeat()
    assert heartbeat.age_s == 20, "one without an answer says nothing"


def test_the_client_still_waits_an_interval_when_it_has_found_a_coordinator_and_ours_asks_at_once(clock):
    theirs, ours = (kind(group_id="group") for kind in (Heartbeat, seam.AnsweredHeartbeat))
    for heartbeat in (theirs, ours):
        heartbeat.sent_heartbeat()
        heartbeat.received_heartbeat()
    clock.now += 20
    for heartbeat in (theirs, ours):
        heartbeat.reset_timeouts()

    assert (theirs.time_to_next_heartbeat(), ours.time_to_next_heartbeat()) == (3, 0)
    ours.sent_heartbeat()
    assert ours.time_to_next_heartbeat() == pytest.approx(0.1), "not as fast as it can"
    ours.received_heartbeat()
    assert ours.time_to_next_heartbeat() == 3


def test_a_poll_joins_anew_where_the_group_has_asked_for_it_and_not_while_it_stays():
    coordinator = object.__new__(ConsumerCoordinator)
    coordinator.config = ConsumerCoordinator.DEFAULT_CONFIG | {"group_id": "group", "api_version": (4, 3)}
    coordinator._subscription = SubscriptionState("earliest")
    coordinator._subscription.subscribe(["alert"])
    coordinator._assignment_snapshot = coordinator._metadata_snapshot = coordinator._joined_subscription = None
    coordinator.ensure_coordinator_ready = lambda **_: True
    for aside in ("_invoke_completed_offset_commit_callbacks", "poll_heartbeat", "_maybe_auto_commit_offsets_async"):
        setattr(coordinator, aside, lambda: None)
    joined = []
    coordinator.ensure_active_group = lambda **_: joined.append("anew")
    coordinator.rejoin_needed = False
    consumer = SimpleNamespace(_coordinator=coordinator)
    assert not seam.is_called(consumer)

    coordinator.request_rejoin()
    with seam.staying(consumer):
        assert coordinator.poll(timeout_ms=0)

    assert (seam.is_called(consumer), joined) == (True, [])
    coordinator.poll(timeout_ms=0)
    assert joined == ["anew"]


def test_the_client_still_goes_on_from_the_beginning_without_a_word_and_the_seam_notes_where_it_stood():
    subscription = SubscriptionState("earliest")
    place, never_read = TopicPartition("global1", 0), TopicPartition("global1", 1)
    subscription.assign_from_user([place, never_read])
    subscription.seek(place, 10)
    reset_at = seam.note_resets(SimpleNamespace(_subscription=subscription))

    for _ in range(2):
        subscription.request_offset_reset(place)
    subscription.request_offset_reset(never_read)
    subscription.reset_missing_positions()

    assert reset_at == {place: 10}
    assert subscription.assignment[place].position is None
    assert subscription.partitions_needing_reset() == {place, never_read}
