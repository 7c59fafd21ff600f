"""This host: jars, JVMs, processes, locks, signals."""
