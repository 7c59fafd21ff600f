"""The commands that look at the installation and its config; `cli/__init__.py` adds them to the others."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from harmonystate.cli.options import Load, Output, with_common_options

looking = typer.Typer()


@looking.command()
@with_common_options
def doctor(
    load: Load,
    *,
    wait: Annotated[str | None, typer.Option(metavar="DURATION", help="Look again at what fails, for so long.")] = None,
    start_spark: Annotated[bool, typer.Option("--spark", help="Start a Spark session too; takes a while.")] = False,
    output: Output = "table",
) -> int:
    """Look at everything that harmony needs.

    Says of what is wrong what to do, and where to read on; exit 1 on a failure.
    """
    path = load.prepare()
    from harmonystate.commands import doctor as command

    return command.run(path, wait=wait, start_spark=start_spark, output=output)


config = typer.Typer(help="See the config in use, and check a file.", no_args_is_help=True)
looking.add_typer(config, name="config")


@config.command("show")
@with_common_options
def show_config(
    load: Load,
    *,
    output: Annotated[
        Literal["table", "json", "yaml"], typer.Option("--output", "-o", help="Form of the answer.")
    ] = "table",
) -> int:
    """Show every key with its value and its origin, secrets masked."""
    path = load.prepare()
    from harmonystate.commands import configuring as command

    return command.show_all(path, output=output)


@config.command("check")
@with_common_options
def check_config(load: Load, file: Annotated[Path, typer.Argument(metavar="FILE", help="Which file.")]) -> int:
    """Name every fault of a file, whatever the environment says; exit 78 when there is one."""
    load.prepare()
    from harmonystate.commands import configuring as command

    return command.check(file)
