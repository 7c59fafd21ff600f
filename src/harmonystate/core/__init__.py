"""The rules, pure: standard library and msgspec; no clock, no chance, no I/O. They are arguments."""
