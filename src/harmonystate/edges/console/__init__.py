"""The terminal: logs, live tables, cards."""
