"""One `harmony` command that runs a drone-report pipeline on real Kafka, Spark and Cassandra."""
