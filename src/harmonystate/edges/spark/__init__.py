"""Spark: the session, and what runs in it.

session.py       a quiet SparkSession in a JVM that goes when we go
kafka_source.py  our Kafka settings as options of Spark's Kafka source
stream.py        topic to table, batch by batch, started again when a service was away
checkpoint.py    where the stream stands, locked while it is in use
"""
