"""One package per technology; they share no code and do not know each other.

kafka/      topics, transactions, the exactly-once loop
cassandra/  the schema and what the driver reads and writes
spark/      the session, the stream into Cassandra, the batch out of it
discord/    the bot
console/    logs, live tables, cards in the terminal
grafana/    is the datasource there
metrics/    figures for Prometheus
page/       the dashboard's page, and the server that shows it
local/      this host: jars, JVMs, processes, locks, signals
"""
