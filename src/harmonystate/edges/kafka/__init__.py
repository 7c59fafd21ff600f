"""Kafka: topics, transactions, the exactly-once loop."""
