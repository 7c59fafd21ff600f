from harmonystate.core.flow import REMEMBERED_S, STALLED_AFTER_S, Flow, Look

READERS = {"stream-alerts": "global1", "ingest": "global2"}


def flow(*looks: tuple[float, int, int]) -> Flow:
    """Return the flow after these looks: when, where global2 ended, how far ingest was."""
    made = Flow(READERS, like={"global2": "global1"})
    for at, end, done in looks:
        made.note(Look(at, {"global1": end, "global2": end}, {"ingest": done, "stream-alerts": end}))
    return made


def test_rates_are_those_of_the_last_seconds():
    made = flow((0, 0, 0), (100, 5_000, 5_000), (105, 5_500, 5_400), (110, 6_000, 5_800))

    assert made.rate("global1") == 100
    assert made.handled("ingest") == 80


def test_an_offset_is_worth_as_many_records_as_were_read_for_it():
    made = flow((0, 0, 0), (10, 2_000, 1_000))
    made.note_read("global1", records=50, offsets=100)

    assert made.rate("global1") == 100
    assert made.rate("global2") == 100, "written in the same transactions"
    assert (made.handled("ingest"), made.lag("ingest")) == (50, 500)


def test_the_oldest_waits_since_the_topic_outgrew_the_group():
    made = flow((0, 10, 10), (1, 20, 10), (2, 30, 10), (3, 40, 15))

    assert made.waits_s("ingest") == 2
    assert made.waits_s("stream-alerts") == 0


def test_a_group_that_gets_nothing_done_stalls_from_the_moment_something_waits():
    idle = flow((0, 10, 10), (100, 10, 10))
    woken = flow((0, 10, 10), (100, 11, 10))
    stuck = flow((0, 10, 10), (100, 11, 10), (161, 12, 10))
    slow = flow((0, 10, 10), (100, 11, 10), (160, 50, 11), (161, 60, 11))

    assert [made.stalls_s("ingest") for made in (idle, woken, stuck, slow)] == [0, 0, 61, 1]
    assert stuck.stalls_s("ingest") > STALLED_AFTER_S


def test_without_a_look_nothing_is_known_and_nothing_waits():
    made = flow()

    assert (made.rate("global1"), made.lag("ingest"), made.waits_s("ingest"), made.stalls_s("ingest")) == (0, 0, 0, 0)


def test_looks_that_nobody_asks_for_are_let_go():
    made = flow(*((second, second, 0) for second in range(int(REMEMBERED_S) * 3)))

    assert len(made._looks) <= REMEMBERED_S + 1
    assert made.waits_s("ingest") == REMEMBERED_S


def test_a_topic_that_begins_anew_has_no_negative_rate():
    assert flow((0, 1_000, 1_000), (5, 10, 10)).rate("global2") == 0
