import pytest

from harmonystate.commands.demo.tally import Tally, settle
from harmonystate.edges.local.stop import Stopped
from harmonystate.errors import CheckFailed

AGREED = Tally(global1=1_200, global2=1_200, rows=1_200, sad=60, alerts=60, deliveries=60, dead_letters=0)


def goes_on() -> None:
    pass


@pytest.mark.parametrize("column", Tally._fields)
def test_one_record_too_many_anywhere_and_the_counts_do_not_agree(column):
    assert AGREED.agrees()
    assert not AGREED._replace(**{column: getattr(AGREED, column) + 1}).agrees()


def test_counts_that_never_agree_fail_with_1_and_are_named():
    with pytest.raises(CheckFailed) as failed:
        settle(lambda: AGREED._replace(rows=1_199, deliveries=58), within_s=0.0, pause=goes_on)

    assert failed.value.exit_code == 1
    assert str(failed.value) == (
        "the counts do not agree: reports 1,200 in global1, 1,200 in global2, 1,199 rows in Cassandra; "
        "alerts 60 for 60 sad reports, 58 deliveries; 0 dead letters"
    )


def test_the_last_records_may_take_their_time():
    looks = [AGREED._replace(rows=1_000), AGREED._replace(alerts=59), AGREED]

    assert settle(lambda: looks.pop(0), within_s=600, pause=goes_on) == AGREED


def test_ctrl_c_ends_the_waiting():
    def asked_to_leave() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        settle(lambda: AGREED._replace(rows=0), within_s=600, pause=asked_to_leave)
