"""This host: jars, JVMs, processes, locks, signals.

home       what lies where                        java       finds Java 17
jars       the pinned jars, fetched and checked   instance   one process per instance name
servers    Kafka and Cassandra: up, down, wiped   children   `harmony` commands as child processes
stop       SIGTERM and ^C                         data       people and sentences
turn       what one process does at a time
"""
