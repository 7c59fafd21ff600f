"""`python -m harmonystate.cli` is `harmony`, wherever that was installed."""

from harmonystate.cli import main

main()
