"""Writes a config as a person would: for `harmony --config FILE` in another process."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from harmonystate.config.models import Config
from harmonystate.config.secrets import is_secret
from harmonystate.core.durations import spell_duration

_MINUTES = {"s": Fraction(1, 60), "min": Fraction(1), "h": Fraction(60), "d": Fraction(1440)}


def write(config: Config, path: Path) -> Path:
    """Write the whole of `config` but its secrets, which travel by environment; `load(path)` gives it back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = config.model_dump()
    # pydantic turns a Fraction into text of its own, such as 1/10.
    content["produce"]["rate"] = config.produce.rate
    path.write_text(yaml.safe_dump(plain(content), sort_keys=False))
    return path


def plain(value: Any) -> Any:
    """Turn what the models hold into what a person would write, without secrets."""
    match value:
        case dict():
            return {key: plain(part) for key, part in value.items() if not is_secret(key)}
        case tuple() | list():
            return [plain(part) for part in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    match value:
        case timedelta():
            return spell_duration(value)
        case Fraction():
            return _rate(value)
        case Decimal() if Decimal(str(float(value))) == value:  # else a number would lose digits
            return float(value)
        case Decimal() | Path():
            return str(value)
    return value


def _rate(per_minute: Fraction) -> str:
    """Spell a rate in the unit that makes it a whole number, or else nearly."""
    for unit, minutes in _MINUTES.items():
        if (rate := per_minute * minutes).denominator == 1:
            return f"{rate}/{unit}"
    return f"{float(per_minute * 1440):.15g}/d"
