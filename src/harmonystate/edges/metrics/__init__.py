"""What Prometheus reads: an address while a stage runs, a file after a run of analyze.

meter.py      where a stage notes its figures
collector.py  the same as prometheus-client wants them
exporter.py   --metrics-port, on 127.0.0.1
textfile.py   --metrics-file, for node_exporter
"""
