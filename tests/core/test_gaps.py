from harmonystate.core.gaps import Gap, gaps


def test_a_gap_is_what_was_not_read_and_is_no_longer_there():
    read, firsts = {0: 10, 1: 10, 2: 10}, {0: 15, 1: 10, 2: 0, 3: 99}

    assert list(gaps(read, firsts)) == [Gap(partition=0, first=10, last=14)]
