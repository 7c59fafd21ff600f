"""The options that every command has, and the types of those that several share."""

import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

if TYPE_CHECKING:
    from harmonystate.config import Config


class Load(NamedTuple):
    """What the options of every command say; called, it loads the config under the command line's flags."""

    config_path: Path | None
    verbose: bool
    quiet: bool
    log_format: str

    def __call__(self, **flags: dict[str, Any]) -> "Config":
        """Load the config; `flags` are sections with what the command line named."""
        from harmonystate import config

        return config.load(self.prepare(), **flags)

    def prepare(self) -> Path | None:
        """Set up the log, and return the config file in use, which nobody has read yet."""
        from harmonystate import config
        from harmonystate.edges.console import log

        if self.log_format not in log.FORMATS:
            raise typer.BadParameter(f"expected one of {', '.join(log.FORMATS)}", param_hint="--log-format")
        log.configure(verbose=self.verbose, quiet=self.quiet, log_format=self.log_format)
        path = config.find(self.config_path)
        if self.verbose:
            typer.echo(f"harmony: config: {path or 'none found, all defaults'}", err=True)
        return path


Once = Annotated[bool, typer.Option("--once", help="Handle what is there now, then exit.")]
Instance = Annotated[
    str | None, typer.Option(metavar="NAME", help="This process's name among its like. [default: first free <host>-N]")
]
Threshold = Annotated[
    int | None, typer.Option(min=0, max=11, metavar="N", help="A score strictly below N is sad. [default: 2]")
]
Drones = Annotated[int | None, typer.Option(min=1, metavar="N", help="Size of the fleet. [default: 100]")]
Rate = Annotated[str | None, typer.Option(metavar="N/UNIT", help="Reports per drone. [default: 1/min]")]
AlertRatio = Annotated[
    float | None,
    typer.Option(min=0, max=1, metavar="SHARE", help="Share of reports with a sad person. [default: 0.05]"),
]
RepairCheckpoint = Annotated[
    bool, typer.Option("--repair-checkpoint", help="Move what is damaged of the checkpoint aside first.")
]
AcceptLoss = Annotated[bool, typer.Option("--accept-loss", help="Go on without records that Kafka no longer has.")]
MetricsPort = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, metavar="PORT", help="Let Prometheus read figures here, on 127.0.0.1. [0: a free one]"
    ),
]
Output = Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="Form of the answer.")]
Top = Annotated[int | None, typer.Option(min=1, metavar="N", help="How many of the saddest. [default: 10]")]

_COMMON = {
    "config_path": (
        Path | None,
        typer.Option("--config", metavar="FILE", help="The config file. [default: the first found, see docs]"),
    ),
    "verbose": (bool, typer.Option("--verbose", "-v", help="Say more: the config file in use, the clients' own logs.")),
    "quiet": (bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")),
    "log_format": (str, typer.Option("--log-format", metavar="auto|text|json", help="Form of the log on stderr.")),
}
_DEFAULTS = {"config_path": None, "verbose": False, "quiet": False, "log_format": "auto"}


def say_version(asked: bool) -> None:
    """Print the version and leave, when asked to."""
    if asked:
        from importlib.metadata import version

        typer.echo(f"harmony {version('harmonystate')}")
        raise typer.Exit


def with_common_options(command: Callable[..., int]) -> Callable[..., None]:
    """Give `command` the options --config, -v, -q and --log-format, and hand it, as its first argument, `load`.

    `load(section={...})` loads the config. What `command` returns is the exit code.
    """
    signature = inspect.signature(command)
    own = list(signature.parameters.values())[1:]
    added = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[name], annotation=Annotated[kind, option]
        )
        for name, (kind, option) in _COMMON.items()
    ]

    @functools.wraps(command)
    def wrapper(**options: Any) -> None:
        common = {name: options.pop(name) for name in _COMMON}
        code = command(Load(**common), **options)
        sys.stdout.flush()  # while a reader that went away can still be told from a bug
        raise typer.Exit(code)

    wrapper.__signature__ = signature.replace(parameters=[*own, *added], return_annotation=None)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in [*own, *added]}
    return wrapper
