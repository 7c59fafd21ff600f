"""Who is kept out is told by whom; what a lease does to real rows is in test_analysis."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from cassandra import OperationTimedOut, WriteTimeout
from cassandra.policies import WriteType
from structlog.testing import capture_logs

from harmonystate.edges.cassandra import lease as leases
from harmonystate.edges.cassandra.lease import Lease, hold_lease
from harmonystate.errors import Busy


def kept_out_of(name: str) -> str:
    session = Mock()
    session.execute.return_value.was_applied = False
    with pytest.raises(Busy) as refused:
        Lease(session, name)
    return str(refused.value)


def test_analyze_and_forget_which_share_a_lease_are_both_named():
    assert kept_out_of("analyze").startswith(
        "another `harmony analyze`, or a `harmony forget`, is running: try again when it is done"
    )


def test_whoever_has_a_lease_alone_is_named_alone():
    assert kept_out_of("verify").startswith("another `harmony verify` is running: try again")


def test_whoever_lost_it_is_not_said_to_be_the_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leases, "TTL_S", -1)

    with pytest.raises(Busy, match="this run lost its lease"):
        Lease(Mock(), "analyze").require()


class Cassandra:
    """A session that answers so to each verb."""

    def __init__(self, **answers):
        self._answers = {verb: iter(those) for verb, those in answers.items()}

    def execute(self, statement, values):
        verb = statement.split()[0]
        answer = next(self._answers[verb], SimpleNamespace(was_applied=True, one=lambda: SimpleNamespace(taken=1)))
        if isinstance(answer, Exception):
            raise answer
        return answer(values) if callable(answer) else answer


def ours(values):
    """What stands there is what we have asked for, at the first time."""
    return SimpleNamespace(was_applied=False, one=lambda: SimpleNamespace(holder=values[1]))


def test_a_lease_that_was_given_at_the_first_of_two_times_is_ours():
    """The driver asks another node where it has lost a connection, and asks again is what we do where CAS timed out."""
    met_others = WriteTimeout("", write_type=WriteType.CAS)

    with hold_lease(Cassandra(INSERT=[met_others, ours], SELECT=[], DELETE=[]), "analyze") as lease:
        assert lease.timestamp == 1


def test_who_cannot_give_it_back_has_done_its_work_all_the_same():
    with capture_logs() as said, hold_lease(Cassandra(INSERT=[], SELECT=[], DELETE=[OperationTimedOut()]), "analyze"):
        pass

    assert [(line["event"], line["log_level"]) for line in said] == [("lease not given back", "info")]


def test_who_cannot_give_it_back_ends_with_what_went_wrong_before():
    with (
        pytest.raises(LookupError),
        hold_lease(Cassandra(INSERT=[], SELECT=[], DELETE=[OperationTimedOut()]), "analyze"),
    ):
        raise LookupError
