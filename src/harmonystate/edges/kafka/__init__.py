"""Kafka: topics, transactions, the exactly-once loop.

records.py       what the rest of the program needs of a consumed record
options.py       the config as options of kafka-python
connect.py       clients with our defaults; `require`: is everything there that a command needs
causes.py        why nobody answers: the client only says "unable to bootstrap"
hangup.py        why a broker hangs up on us, asked of it directly
rights.py        which right we lack
transaction.py   Transactor: one transaction = records, their offsets, or nothing
markers.py       waits until what was committed can be read
seam.py          the private parts of kafka-python that we stand on
batches.py       one more of them: whole batches at once
watchdog.py      a client call that never returns ends the process
patience.py      waits for a broker that went away, and says so once
inheritance.py   aborts what an instance that is gone has left open
memory.py        gives back what an outage has left of freed memory
group_reader.py  reads a topic as a member of a group
membership.py    what it takes to be a member under a name of one's own, and to leave
namesake.py      leaves a name to a process elsewhere that bears it
session.py       a Transactor and a GroupReader, which live and fail together
exactly_once.py  consume, transform, produce: a batch and its offsets are one transaction
silences.py      the topic silence, compacted: the last word on each
alerts.py        the topic alert, and the transaction that commits what was told
reading.py       reads a topic without a group
glance.py        the newest records of some topics, and no more than a screen needs
offsets.py       what a group has committed, where a topic ends, the lag between
plans.py         how the topics are to be, and who reads which
topics.py        makes the topics
topic_state.py   topics as they are, beside their plans
cluster.py       the brokers, at the addresses that they give of themselves
freshness.py     how old what waits is, and what came last
overview.py      how much stands where, for status
survey.py        reads topics one after the other, and says how much of each there was
retention.py     how long topics keep what is written
places.py        looks up single records
answering.py     for commands that ask once: no answer is one line

How a writer survives a broker that goes away (`Transactor` and `Patience`; the id stays the same all along):

    patience = Patience(settings, stop, stage="produce")
    while not stop.is_set():
        try:
            transactor = Transactor(settings, transactional_id)  # resolves what the one before left pending
            ...                                                  # read back what is committed, go on from there
            transactor.commit(outgoings, offsets=..., group=...)
            patience.relieved()
        except (TransactionFailed, Fenced) as fault:
            transactor.discard()                                 # whatever failed: never used again
            patience.bear(fault)                                 # waits; Misconfigured when fenced twice in a minute
"""
