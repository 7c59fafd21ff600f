"""What the five stand on: setup, up, down, status."""

from typing import Annotated

import typer

from harmonystate.cli.options import Load, Output, with_common_options

hosting = typer.Typer()


@hosting.command()
@with_common_options
def setup(load: Load) -> int:
    """Create the topics and the tables; safe to run again."""
    config = load()
    from harmonystate.commands import setup as command

    return command.run(config)


@hosting.command()
@with_common_options
def up(load: Load) -> int:
    """Start a local Kafka and Cassandra in the background."""
    config = load()
    from harmonystate.commands import stack as command

    return command.up(config)


@hosting.command()
@with_common_options
def down(
    load: Load,
    *,
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove their data too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Stop the local Kafka and Cassandra. Nothing is lost unless wiped."""
    config = load()
    from harmonystate.commands import stack as command

    return command.down(config, wipe=wipe, yes=yes)


@hosting.command()
@with_common_options
def status(
    load: Load,
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it again and again, until ^C.")] = False,
    max_age: Annotated[
        str | None, typer.Option(metavar="10m", help="Exit 1 when reports, what waits or analyze are older.")
    ] = None,
    output: Output = "table",
) -> int:
    """Show services, topics, lag, stored hours, last analysis."""
    if watch and max_age:
        raise typer.BadParameter("give --watch or --max-age, not both", param_hint="--max-age")
    config = load()
    from harmonystate.commands import status as command

    if watch:
        return command.watch(config, output=output)
    return command.run(config, output=output, max_age=max_age)
