"""Cassandra: the schema, and what the driver reads and writes."""
