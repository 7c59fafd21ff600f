import pytest
from kafka.structs import ConsumerGroupMetadata, MemberState

from harmonystate.edges.kafka.membership import is_member, is_settled


@pytest.mark.parametrize(
    ("generation", "member_id", "state", "member", "settled"),
    [
        (3, "m-1", MemberState.STABLE, True, True),
        (3, "m-1", MemberState.REBALANCING, True, False),
        (-1, "m-1", MemberState.REBALANCING, False, False),
        (-1, "", MemberState.UNJOINED, False, False),
        (3, "", MemberState.STABLE, False, False),
    ],
)
def test_a_member_has_a_generation_and_its_share_only_when_the_group_is_stable(
    generation, member_id, state, member, settled
):
    """Between joining and being given partitions, `--once` would take "nothing is mine" for "all is done"."""
    metadata = ConsumerGroupMetadata("alert-bot", generation, member_id, "bot", state)

    assert (is_member(metadata), is_settled(metadata)) == (member, settled)
