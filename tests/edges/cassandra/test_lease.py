"""Who is kept out is told by whom; what a lease does to real rows is in test_analysis."""

from unittest.mock import Mock

import pytest

from harmonystate.edges.cassandra import lease as leases
from harmonystate.edges.cassandra.lease import Lease
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
