"""`python -m harmonystate` is `harmony`."""

from harmonystate.cli import main

main()
