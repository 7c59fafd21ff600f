"""Contrast by WCAG 2.2: 4.5 for text, 3 for lines and marks that mean something; in both colour schemes."""

import re
from importlib.resources import files

import pytest

STYLE = files("harmonystate.edges.page").joinpath("style.css").read_text()
LIGHT = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", STYLE.split("body.body--dark {")[0]))
DARK = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", STYLE.split("body.body--dark {")[1].split("}")[0]))
TEXTS = [
    ("ink", "panel"),
    ("ink", "ground"),
    ("ink", "sunk"),
    ("ink", "alarm-soft"),
    ("muted", "panel"),
    ("muted", "ground"),
]
TEXTS += [("muted", "sunk"), ("alarm", "panel"), ("score", "panel"), ("score", "sunk")]
MARKS = [(mark, "panel") for mark in ("score", "people", "sad", "drone", "alarm", "flow", "quiet", "focus")]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_to_be_read_stands_out(scheme):
    faint = {pair: round(contrast(*(scheme[name] for name in pair)), 2) for pair in TEXTS}

    assert {pair: ratio for pair, ratio in faint.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_means_something_can_be_told_from_the_ground(scheme):
    faint = {pair: round(contrast(*(scheme[name] for name in pair)), 2) for pair in MARKS}

    assert {pair: ratio for pair, ratio in faint.items() if ratio < 3} == {}


def test_both_schemes_know_every_colour_and_no_other_is_used():
    rules = STYLE.split("html {", 1)[1]

    assert LIGHT.keys() == DARK.keys()
    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == []
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) - {"stripe", "shadow"} <= LIGHT.keys()
