"""What Prometheus reads: an address while a stage runs, a file after a run of analyze.

exporter.py   --metrics-port, on 127.0.0.1
textfile.py   --metrics-file, for node_exporter
"""
