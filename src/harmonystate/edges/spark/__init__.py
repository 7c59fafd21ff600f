"""Spark: the session, and what runs in it.

session.py       a quiet SparkSession
conf.py          its options
jvm.py           its JVM, which goes when we go
java_command.py  how Java is called for a local Spark
own_keys.py      the options that Spark itself reads
archive.py       the archive of loaded classes that lets it start sooner
archive_maker.py makes the archive, in the background
cassandra_tls.py TLS for the connector, which reads no PEM and checks no host name by itself
kafka_source.py  our Kafka settings as options of Spark's Kafka source
stream.py        topic to table, batch by batch, started again when a service was away
micro_batch.py   one batch: rows, marks, dead letters, end
census.py        what a batch holds, counted by the workers
checkpoint.py    where the stream stands, locked while it is in use
checkpoint_repair.py  moves aside what is damaged of it
faults.py        what ended a query, and whether trying again can help
stall.py         notices a batch that never ends
lives.py         goes on with another Spark when one is lost
guard.py         a guard over calls that may never return
watchdog.py      ends a JVM that does not answer
tasks.py         how far it is with what it does now
batch.py         reports out of the table for analyze, and its rollups in and out
"""
