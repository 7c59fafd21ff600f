"""Logs: on stderr, text on a terminal, JSON elsewhere unless asked otherwise. Ids only, never a person's name."""

import logging
import os
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

FORMATS = ("auto", "text", "json")
_STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)


class _CurrentStderr(logging.StreamHandler[TextIO]):
    """Writes to whatever sys.stderr is at the moment, so that lines appear above a live table."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def configure(*, verbose: bool = False, quiet: bool = False, log_format: str = "auto") -> None:
    """Set up logging of the whole process.

    Args:
        verbose: also the client libraries' own warnings.
        quiet: only warnings and errors of ours.
        log_format: one of FORMATS; auto is text on a terminal and JSON elsewhere.
    """
    text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    # https://no-color.org/: whatever it says, unless it is empty.
    colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=colors) if text else structlog.processors.JSONRenderer()
    handler = _CurrentStderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _STAMP],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What the client libraries say of a lost connection, we say ourselves, once.
    root.setLevel(logging.WARNING if verbose else logging.CRITICAL)
    logging.getLogger("harmony").setLevel(logging.WARNING if quiet else logging.INFO)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            _STAMP,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
