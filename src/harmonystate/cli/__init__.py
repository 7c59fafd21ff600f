"""The command line: parse, load the config, import the one command, run it, turn errors into exit codes; nothing else.

Commands are imported inside their function, so that `harmony --help` loads neither Spark nor Cassandra.
Here are those that do the work: produce, stream-alerts, alert-bot, ingest, analyze.

hosting.py    setup, up, down, status
showing.py    demo, dashboard
silencing.py  silence add, list, expire
looking.py    doctor, config show, config check
mending.py    verify, dead-letters list, show, replay, trace, forget
options.py    the options that every command has
leaving.py    what to leave with
streams.py    the standard streams, also where one is closed
"""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from harmonystate.cli.hosting import hosting
from harmonystate.cli.leaving import drop_what_cannot_be_written, exit_code_of, refusal_of
from harmonystate.cli.looking import looking
from harmonystate.cli.mending import mending
from harmonystate.cli.options import (
    AcceptLoss,
    AlertRatio,
    Drones,
    Instance,
    Load,
    MetricsPort,
    Once,
    Rate,
    RepairCheckpoint,
    Threshold,
    Top,
    say_version,
    with_common_options,
)
from harmonystate.cli.showing import showing
from harmonystate.cli.silencing import silencing
from harmonystate.cli.streams import open_what_is_closed
from harmonystate.edges.local.stop import unwind_on_sigterm
from harmonystate.errors import HarmonyError

app = typer.Typer(
    name="harmony",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def harmony(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=say_version, help="Show the version.")
    ] = False,
) -> None:
    """Drones report what a (satirical, synthetic) city feels; harmony alerts, keeps every report and analyses it."""


@app.command()
@with_common_options
def produce(
    load: Load,
    *,
    drones: Drones = None,
    rate: Rate = None,
    alert_ratio: AlertRatio = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Same seed and start, same bytes.")] = None,
    count: Annotated[int | None, typer.Option(min=0, metavar="N", help="Stop after N reports.")] = None,
    duration: Annotated[str | None, typer.Option(metavar="10m", help="Stop after so much event time.")] = None,
    speed: Annotated[float, typer.Option(min=0.001, metavar="X", help="Event time runs X times as fast.")] = 1.0,
    start: Annotated[str | None, typer.Option(metavar="ISO", help="Event time begins here; fast until now.")] = None,
    backfill: Annotated[str | None, typer.Option(metavar="24h", help="Begin so long ago.")] = None,
    run: Annotated[str | None, typer.Option(metavar="NAME", help="A run that goes on where it was.")] = None,
    output: Annotated[str | None, typer.Option(metavar="-", help="JSONL to stdout, no Kafka.")] = None,
    instance: Instance = None,
    metrics_port: MetricsPort = None,
) -> int:
    """Simulate the fleet: reports into global1 and global2. Each goes into both, in one transaction."""
    if start and backfill:
        raise typer.BadParameter("give --start or --backfill, not both", param_hint="--backfill")
    if count is not None and duration:
        raise typer.BadParameter("give --count or --duration, not both", param_hint="--duration")
    _require_dash(output, "--output")
    if output:
        _refuse_beside("--output -", run=run, instance=instance, metrics_port=metrics_port)
    config = load(produce={"drones": drones, "rate": rate, "alert_ratio": alert_ratio})
    from harmonystate.commands import produce as command

    bounds = command.Bounds.parse(count=count, duration=duration, speed=speed, start=start, backfill=backfill)
    if output:
        return command.print_reports(config, bounds, seed=seed)
    return command.run(config, bounds, seed=seed, run_name=run, instance=instance, metrics_port=metrics_port)


@app.command()
@with_common_options
def stream_alerts(
    load: Load,
    *,
    threshold: Threshold = None,
    once: Once = False,
    instance: Instance = None,
    source: Annotated[str | None, typer.Option("--input", metavar="-", help="JSONL from stdin, no Kafka.")] = None,
    output: Annotated[str | None, typer.Option(metavar="-", help="JSONL to stdout, no Kafka.")] = None,
    metrics_port: MetricsPort = None,
) -> int:
    """Copy reports with a sad person to alert, exactly once. It reads global1."""
    _require_dash(source, "--input")
    _require_dash(output, "--output")
    if bool(source) != bool(output):
        raise typer.BadParameter("--input - and --output - go together", param_hint="--input")
    if source:
        _refuse_beside("--input -", instance=instance, metrics_port=metrics_port)
    config = load(alerts={"threshold": threshold})
    from harmonystate.commands import stream_alerts as command

    if source:
        return command.filter_lines(config)
    return command.run(config, once=once, instance=instance, metrics_port=metrics_port)


@app.command()
@with_common_options
def alert_bot(
    load: Load,
    *,
    sink: Annotated[
        Literal["discord", "console"] | None, typer.Option(help="Where to tell. [default: discord if there is a token]")
    ] = None,
    once: Once = False,
    test: Annotated[
        bool, typer.Option("--test", help="Post a card marked TEST, then exit; nothing is recorded.")
    ] = False,
    instance: Instance = None,
    metrics_port: MetricsPort = None,
) -> int:
    """Tell Discord, or the terminal, of every alert."""
    if test:
        _refuse_beside("--test", instance=instance, metrics_port=metrics_port)
    config = load()
    if test:
        from harmonystate.commands.alert_bot import trial

        return trial.run(config, sink=sink)
    from harmonystate.commands import alert_bot as command

    return command.run(config, sink=sink, once=once, instance=instance, metrics_port=metrics_port)


@app.command()
@with_common_options
def ingest(
    load: Load,
    *,
    once: Once = False,
    repair_checkpoint: RepairCheckpoint = False,
    accept_loss: AcceptLoss = False,
    metrics_port: MetricsPort = None,
) -> int:
    """Keep every report in Cassandra. It reads global2 (Spark Structured Streaming)."""
    config = load()
    from harmonystate.commands import ingest as command

    return command.run(
        config, once=once, repair_checkpoint=repair_checkpoint, accept_loss=accept_loss, metrics_port=metrics_port
    )


@app.command()
@with_common_options
def analyze(
    load: Load,
    *,
    top: Top = None,
    since: Annotated[str | None, typer.Option(metavar="24h|ISO", help="The window's start. [default: 24h]")] = None,
    until: Annotated[str | None, typer.Option(metavar="ISO", help="The window's end. [default: now]")] = None,
    threshold: Threshold = None,
    full: Annotated[bool, typer.Option("--full", help="Recompute every hour of the window.")] = False,
    no_save: Annotated[bool, typer.Option("--no-save", help="Write nothing to Cassandra.")] = False,
    output: Annotated[
        Literal["table", "json", "csv"], typer.Option("--output", "-o", help="Form of the answers.")
    ] = "table",
    metrics_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Leave figures of the run there, for node_exporter.")
    ] = None,
) -> int:
    """Answer the four questions from the stored reports. Shows the answers and saves them (Spark batch)."""
    config = load(analysis={"top": top, "since": since})
    from harmonystate.commands import analyze as command

    return command.run(
        config,
        until=until,
        threshold=threshold,
        full=full,
        save=not no_save,
        output=output,
        metrics_file=metrics_file,
    )


app.add_typer(hosting)
app.add_typer(showing)
app.add_typer(silencing, name="silence")
app.add_typer(looking)
app.add_typer(mending)


def main() -> None:
    """Run `harmony`; a failure that a user can mend is one line on stderr and the exit code of its kind."""
    open_what_is_closed()
    unwind_on_sigterm()
    try:
        app()
    except (HarmonyError, OSError) as fault:
        refusal = fault if isinstance(fault, HarmonyError) else refusal_of(fault)
        if refusal is None:
            raise
        with suppress(OSError):  # where stderr takes no word, the exit code says it
            print(f"harmony: {refusal}", file=sys.stderr)
        drop_what_cannot_be_written()
        sys.exit(refusal.exit_code)
    except SystemExit as leaving:
        sys.exit(exit_code_of(leaving))


def _require_dash(value: str | None, option: str) -> None:
    if value not in (None, "-"):
        raise typer.BadParameter("only - is known", param_hint=option)


def _refuse_beside(option: str, **others: object) -> None:
    """Refuse what would be ignored: whoever gave it waits for what does not come."""
    for name, value in others.items():
        if value is not None:
            hint = "--" + name.replace("_", "-")
            raise typer.BadParameter(f"does nothing beside {option}", param_hint=hint)
