"""The terminal: logs, live tables, cards.

log.py        logs, on stderr
meter.py      what a running command shows of its work; on a terminal by:
live.py       a table of a stage's figures, drawn anew
steps.py      the step that a command is at, which ends by itself
time_left.py  how long a bar still takes
cards.py      alerts as cards
screen.py     the demo's screen

What a command has found, on stdout: for people, or as one document for scripts.

answers.py    the four answers
chart.py      a line over time, in braille
checkup.py    doctor
findings.py   verify
forgetting.py forget
letters.py    dead-letters
settings.py   config show
silences.py   silence list
status.py     status
trail.py      trace
tables.py     tables that a script may read too
"""
