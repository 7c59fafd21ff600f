"""Spark: the session, the stream into Cassandra, the batch out of it."""
