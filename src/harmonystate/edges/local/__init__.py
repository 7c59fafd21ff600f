"""This host: jars, JVMs, processes, locks, signals.

home.py       what lies where
servers.py    Kafka and Cassandra: up, down, wiped
server.py     one of them as a process in the background
kafka_server.py, cassandra_server.py   how each is configured and started
kafka_mourning.py  lets Kafka's controller give up a broker that is down
template.py   writes their configuration
addresses.py  which of the configured services are ours to start
ports.py      free ones, kept ones, and who is in the way
probe.py      whether a server is ready
process.py    processes of our own making
children.py   `harmony` commands as child processes
stop.py       SIGTERM, SIGHUP and ^C
turn.py       what one process does at a time
instance.py   one process per instance name
java.py       finds Java 17
jars.py       the pinned jars, fetched and checked
jar_lock.py   which jars, by name and by content
jar_check.py  whether they are here and whole
jar_progress.py  what is seen while they are fetched
data.py       people and sentences
"""
