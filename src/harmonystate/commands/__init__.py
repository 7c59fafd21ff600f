"""A file, or a package, for each process, in the order in which a report meets them.

produce        simulates the fleet: every report into global1 and global2
stream_alerts  copies reports with a sad person from global1 to alert, exactly once
alert_bot      tells Discord, or the terminal, of every alert
ingest         keeps every report of global2 in Cassandra (Spark stream)
analyze        answers the four questions from the stored reports (Spark batch)

setup          makes topics and tables      stack   starts and stops the local servers
status         what is where                demo    everything at once
doctor         looks at everything that the others need
configuring    the config in use, key by key; the faults of a file
verify         does every store hold what it should; repairs
dead_letters   what is no report: shown, sent back
trace          one report, step by step
dashboard      what the topics and tables say, as a page in the browser
forget         takes one person out

silence        mutes alerts for a while
"""
