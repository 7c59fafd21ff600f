"""`harmony silence` (docs/discord.md); `cli/__init__.py` adds it to the others."""

from typing import Annotated

import typer

from harmonystate.cli.options import Load, Output, with_common_options

silencing = typer.Typer(help="Mute alerts for a while. They are recorded, and nobody is told.", no_args_is_help=True)


@silencing.command("add")
@with_common_options
def add_silence(
    load: Load,
    matchers: Annotated[
        list[str],
        typer.Argument(
            metavar="MATCHER...",
            help='drone=7, person="First Last", min_score=1, max_score=0, area=SOUTH,WEST,NORTH,EAST. An alert has to '
            "meet all that are named; of several drones, persons or areas, one.",
        ),
    ],
    *,
    lasts: Annotated[str, typer.Option("--for", metavar="1h", help="How long it mutes.")] = "1h",
    author: Annotated[str | None, typer.Option(metavar="NAME", help="Who mutes. [default: the user's name]")] = None,
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Why, for whoever finds it.")] = "",
) -> int:
    """Tell nobody of alerts that meet every matcher, grave ones included; print the silence's id."""
    config = load()
    from harmonystate.commands import silence as command

    return command.add(config, matchers, lasts=lasts, author=author, comment=comment)


@silencing.command("list")
@with_common_options
def list_silences(
    load: Load,
    *,
    expired: Annotated[bool, typer.Option("--expired", help="Also those that ended in the last five days.")] = False,
    output: Output = "table",
) -> int:
    """Show the silences that mute now."""
    config = load()
    from harmonystate.commands import silence as command

    return command.list_all(config, expired=expired, output=output)


@silencing.command("expire")
@with_common_options
def expire_silences(
    load: Load,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `list` names them.")],
) -> int:
    """Let silences end now."""
    config = load()
    from harmonystate.commands import silence as command

    return command.expire(config, ids)
