"""The commands that show the whole at once; `cli/__init__.py` adds them to the others."""

from typing import Annotated

import typer

from harmonystate.cli.options import Load, with_common_options

showing = typer.Typer()


@showing.command()
@with_common_options
def dashboard(
    load: Load,
    *,
    port: Annotated[int | None, typer.Option(min=1, max=65535, metavar="N", help="Where. [default: 8050]")] = None,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of which interface; there is no login. [default: 127.0.0.1]")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> int:
    """Serve a page that shows what the city feels, live. Prints its address; it only reads."""
    config = load(dashboard={"port": port, "host": host})
    from harmonystate.commands import dashboard as command

    return command.run(config, open_browser=open_browser)


@showing.command()
@with_common_options
def demo(
    load: Load,
    *,
    exit_after: Annotated[
        bool, typer.Option("--exit", help="Stop by itself, and check that the counts agree.")
    ] = False,
    discord: Annotated[bool, typer.Option("--discord", help="Use the configured Discord token and channel.")] = False,
) -> int:
    """Run everything at once in a home of its own, and show it."""
    config = load()
    from harmonystate.commands import demo as command

    return command.run(config, exit_after=exit_after, discord=discord)
