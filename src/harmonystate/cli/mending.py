"""The commands that see and mend what went wrong (docs/mending.md); `cli/__init__.py` adds them to the others."""

from typing import Annotated, Literal

import typer

from harmonystate.cli.options import Load, Output, with_common_options

mending = typer.Typer()

Limit = Annotated[int, typer.Option(min=0, metavar="N", help="How many to name.")]
Stage = Annotated[
    Literal["stream-alerts", "alert-bot", "ingest"] | None,
    typer.Option(metavar="STAGE", help="Only what stream-alerts, alert-bot or ingest buried."),
]
Since = Annotated[str | None, typer.Option(metavar="24h|ISO", help="Only what was buried from then on.")]


@mending.command()
@with_common_options
def verify(
    load: Load,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="24h|ISO", help="Only reports from then on, by event time.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="ISO", help="Only reports before then.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Make good what can be made good.")] = False,
    limit: Limit = 20,
    output: Output = "table",
) -> int:
    """Compare every store by id. Names what is missing, doubled, late or disagreeing; exit 1 if anything is."""
    config = load()
    from harmonystate.commands import verify as command

    wish = command.Wish(since=since, until=until, repair=repair, limit=limit, output=output)
    return command.run(config, wish)


letters = typer.Typer(help="See what is no report, and send it back, with --execute.", no_args_is_help=True)
mending.add_typer(letters, name="dead-letters")


@letters.command("list")
@with_common_options
def list_letters(
    load: Load, *, stage: Stage = None, since: Since = None, limit: Limit = 20, output: Output = "table"
) -> int:
    """Count them by stage and fault, and name the newest."""
    config = load()
    from harmonystate.commands import dead_letters as command

    return command.show_list(config, stage=stage, since=since, limit=limit, output=output)


@letters.command("show")
@with_common_options
def show_letter(
    load: Load,
    at: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` names it.")],
    *,
    output: Output = "table",
) -> int:
    """Show one: its headers and the original bytes, safe for a terminal."""
    config = load()
    from harmonystate.commands import dead_letters as command

    return command.show_one(config, at, output=output)


@letters.command("replay")
@with_common_options
def replay_letters(
    load: Load,
    places: Annotated[list[str] | None, typer.Argument(metavar="PARTITION:OFFSET", help="Only these.")] = None,
    *,
    stage: Stage = None,
    since: Since = None,
    execute: Annotated[bool, typer.Option("--execute", help="Send them; else say what would go.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also those that came back from a replay.")] = False,
    output: Output = "table",
) -> int:
    """Send the original bytes back to the topic they came from, each once."""
    config = load()
    from harmonystate.commands import dead_letters as command

    wanted = places or []
    return command.replay(config, wanted, stage=stage, since=since, execute=execute, again=again, output=output)


@mending.command()
@with_common_options
def trace(
    load: Load,
    identity: Annotated[str, typer.Argument(metavar="REPORT_ID|ALERT_ID", help="Which report, or of which alert.")],
    *,
    since: Annotated[
        str | None, typer.Option(metavar="24h|ISO", help="Read the topics from then on. [default: all]")
    ] = None,
    output: Output = "table",
) -> int:
    """Follow one report through every store. Topics, alert, delivery, row and statistics."""
    config = load()
    from harmonystate.commands import trace as command

    return command.run(config, identity, since=since, output=output)


@mending.command()
@with_common_options
def forget(
    load: Load,
    name: Annotated[str, typer.Argument(metavar='"FIRST LAST"', help="Whom, as written on a card.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Take a person out of rows, rollups, answers and cards. Says what Kafka still holds."""
    config = load()
    from harmonystate.commands import forget as command

    return command.run(config, name, yes=yes)
