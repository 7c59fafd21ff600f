"""Grafana: is it there, and does it have the datasource of grafana/provisioning. Asked by GET only."""
