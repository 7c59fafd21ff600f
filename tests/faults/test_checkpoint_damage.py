"""R10: the checkpoint of ingest is lost, or torn: it is said which file and what to do, and the rows are the same.

Each once and without the table: tests/edges/spark/test_stream.py, tests/commands/test_ingest_recovery.py.
"""

import shutil
from collections import Counter

import pytest

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.reading import read_all
from harmonystate.errors import BadInput
from tests.support.account import printed
from tests.support.dying import end_of
from tests.support.kafka import write
from tests.support.proofs import counted
from tests.support.stored import rows_in, rows_of

EACH, JUNK, TIMES = 300, 3, 10


def newest(checkpoint, log):
    notes = (path for path in (checkpoint / log).iterdir() if path.name.isdecimal())
    return max(notes, key=lambda path: int(path.name))


def torn(path, length):
    path.write_bytes(path.read_bytes()[:length])
    return f"{path.parent.name}/{path.name}"


def unlinked(path):
    path.unlink()
    return path.name


# What is done to a checkpoint, and the file that is to be named; nobody can tell that one is lost.
DAMAGES = {
    "lost": lambda checkpoint, _: shutil.rmtree(checkpoint),
    "torn plan": lambda checkpoint, chance: torn(newest(checkpoint, "offsets"), chance.randrange(1, 60)),
    "empty plan": lambda checkpoint, _: torn(newest(checkpoint, "offsets"), 0),
    "torn commit": lambda checkpoint, chance: torn(newest(checkpoint, "commits"), chance.randrange(0, 20)),
    "no metadata": lambda checkpoint, _: unlinked(checkpoint / "metadata"),
}


@pytest.mark.faults
def test_r10_a_checkpoint_lost_or_torn_ten_times_each_leaves_the_same_rows(everything, chance, report):
    (config, path), topics = everything, everything[0].kafka.topics
    plan = [*DAMAGES] * TIMES
    chance.shuffle(plan)
    lines = printed("--seed", chance.randrange(10**6), "--count", EACH * (len(plan) + 1), "--start", "12h")
    junk = [b"{%d" % number for number in range(JUNK * (len(plan) + 1))]

    for number, damage in enumerate(["", *plan]):
        some = [*lines[number * EACH :][:EACH], *junk[number * JUNK :][:JUNK]]
        write(config.kafka, [Outgoing(topics.global2, value[-9:], value) for value in some])
        options = ()
        if damage:
            (checkpoint,) = config.local.home.glob("checkpoint/*/*.global2")
            if file := DAMAGES[damage](checkpoint, chance):
                refused = end_of(path, "ingest", "--once")
                assert (refused.code, file in refused.err) == (BadInput.exit_code, True), (damage, refused.err)
                assert "harmony ingest --repair-checkpoint" in refused.err
                options = ("--repair-checkpoint",)
        done = end_of(path, "ingest", "--once", *options)
        assert done.code == 0, (damage, done.err)

    letters = (record.value for record in read_all(config.kafka, topics.dead_letter))
    verdicts = [counted(Counter(rows_of(lines)), rows_in(config)), counted(Counter(junk), letters)]
    report("R10", f"checkpoint lost or torn, {len(plan)} x", *verdicts)
