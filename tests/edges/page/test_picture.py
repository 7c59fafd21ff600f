"""The picture is drawn without a browser; here it is read as a browser would."""

from xml.etree import ElementTree as ET

import pytest

from harmonystate.core.pipeline import ARROWS, Arrow, State, unknown
from harmonystate.edges.page.arrows import spell
from harmonystate.edges.page.picture import draw
from harmonystate.edges.page.shapes import TALL, WIDE

FULL = [Arrow(*ends, 12_345.0, 123_456, age_s=3_599.0, state=State.STALLS) for ends in ARROWS]
# Of a digit of Roboto at the size of a label; no other character of ours is much wider.
CHARACTER = 6.4


def boxes(svg: str) -> list[tuple[str, float, float, float, float]]:
    """Return what every label covers: text, left, top, right, bottom."""
    found = []
    for group in ET.fromstring(svg).iter("g"):
        if "node" in group.get("class", ""):
            continue
        for text in group.findall("text"):
            wide, x, y = len(text.text) * CHARACTER, float(text.get("x")), float(text.get("y"))
            left = x - {"start": 0, "middle": wide / 2, "end": wide}[text.get("text-anchor")]
            found.append((text.text, left, y - 9, left + wide, y + 2))
    return found


@pytest.mark.parametrize("shape", [WIDE, TALL], ids=lambda shape: shape.name)
def test_no_label_leaves_the_picture_or_lies_on_another(shape):
    labels = boxes(draw(shape, FULL, {}))

    assert len(labels) >= 2 * len(ARROWS)
    for text, left, top, right, bottom in labels:
        assert 0 <= left <= right <= shape.width, text
        assert 0 <= top <= bottom <= shape.height, text
    for at, one in enumerate(labels):
        for other in labels[at + 1 :]:
            apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
            assert apart, (one, other)


@pytest.mark.parametrize("shape", [WIDE, TALL], ids=lambda shape: shape.name)
def test_every_arrow_ends_in_a_head_of_its_state_and_every_way_starts_at_a_node(shape):
    svg = ET.fromstring(draw(shape, unknown(), {}))
    heads = {marker.get("id") for marker in svg.iter("marker")}
    used = {path.get("marker-end") for path in svg.iter("path") if path.get("marker-end")}

    assert used == {f"url(#{shape.name}-unknown)"}
    assert {head.removeprefix(f"{shape.name}-") for head in heads} == {state.value for state in State}


def test_a_topic_is_called_as_the_config_calls_it_and_a_name_is_never_markup():
    svg = draw(WIDE, unknown(), {"global1": "<b>&"})

    assert "<b>" not in svg
    assert "<b>&" in [text.text for text in ET.fromstring(svg).iter("text")]


@pytest.mark.parametrize(
    ("arrow", "lines"),
    [
        (Arrow("a", "b"), ("unknown", "", "")),
        (Arrow("a", "b", 98.4, age_s=0.1, state=State.FLOWS), ("≈ 98/s", "", "0.1 s ago")),
        (Arrow("a", "b", 1.66, 0, age_s=0.0, state=State.FLOWS), ("≈ 1.7/s", "none waits", "")),
        (Arrow("a", "b", 0.0, 1_234, age_s=75.0, state=State.STALLS), ("stalls", "≈ 1,234 wait", "oldest 1 min")),
        (Arrow("a", "b", 0.0, state=State.QUIET), ("0/s", "", "nothing yet")),
        (Arrow("a", "b", 0.0, total=0, state=State.QUIET), ("0/s", "none", "")),
        (Arrow("a", "b", 0.0, total=3, age_s=60.0, state=State.QUIET), ("0/s", "≈ 3 in all", "1 min ago")),
        (Arrow("a", "b", lag=2, unit="hours", age_s=60.0, state=State.FLOWS), ("", "2 h to analyse", "1 min ago")),
        (Arrow("a", "b", lag=0, unit="hours", state=State.QUIET), ("", "all analysed", "nothing yet")),
    ],
)
def test_an_arrow_says_rate_lag_and_age(arrow, lines):
    assert spell(arrow) == lines
