"""The commands that see and mend what went wrong (docs/mending.md); `cli/__init__.py` adds them to the others."""

from typing import Annotated, Literal

import typer

from harmonystate.cli.options import Load, with_common_options

mending = typer.Typer()


@mending.command()
@with_common_options
def verify(
    load: Load,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="24h|ISO", help="Only reports from then on, by event time.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="ISO", help="Only reports before then.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Make good what is missing.")] = False,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="How many cases to name.")] = 20,
    output: Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="Form of the answer.")] = "table",
) -> int:
    """Compare every store by id: what is missing, doubled, late or disagreeing."""
    config = load()
    from harmonystate.commands import verify as command

    wish = command.Wish(since=since, until=until, repair=repair, limit=limit, output=output)
    return command.run(config, wish)
