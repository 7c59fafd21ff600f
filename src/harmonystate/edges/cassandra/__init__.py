"""Cassandra: the tables, and what goes in and out of them by the driver (rows in bulk go by Spark).

connect.py  a session, or one line that says why there is none
causes.py   why there is none
options.py  `cassandra.client`: what of it the driver is given
tls.py      who shows which certificate
recorded.py  what setup recorded: shards and version
schema.py   `harmony setup`'s half: keyspace and tables (schema.cql)
condition.py  how the tables differ from those of setup, for the doctor
counts.py   what is stored, for status
hours.py    which hours have changed
reports.py  the table report, row by row: for verify and what mends
traces.py   what the tables hold of one report
erasure.py  takes one person out
forgotten.py  whom no row is to name
conditional.py  statements of which nobody may say whether they were applied
lease.py    one run of analyze at a time
saved.py    what analyze has saved, for the dashboard
analysis_reader.py, analysis_writer.py   what analyze reads and writes: rollups, series, answers
"""
