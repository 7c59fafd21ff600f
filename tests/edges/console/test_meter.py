"""What a stage notes of its work, and how that is shown."""

import io

from rich.console import Console

from harmonystate.edges.console.live import Screen, head, spell, table_of
from harmonystate.edges.console.meter import Meter


def drawn(renderable) -> str:
    out = io.StringIO()
    Console(file=out, width=120).print(renderable)
    return out.getvalue()


def test_the_first_count_gives_the_rate_and_what_goes_wrong_does_not():
    meter = Meter("stream-alerts")
    meter.add(resets=1)
    meter.add(reports=10, alerts=0)

    snapshot = meter.snapshot()

    assert snapshot["rate_per_s"] > 0
    assert meter.snapshot()["rate_per_s"] == 0
    assert "last_alert_s" not in snapshot


def test_counts_bear_the_words_of_the_glossary_whatever_a_topic_is_called():
    meter = Meter("stream-alerts")
    meter.rename({"city.alerts": "alerts"})

    meter.add(**{"reports": 3, "city.alerts": 1})

    assert meter.counts() == {"reports": 3, "alerts": 1}
    assert meter.snapshot()["last_alert_s"] == 0


def test_what_is_read_of_a_store_is_counted_by_the_thousand_and_none_of_it_is_lost():
    meter = Meter("trace")

    assert list(meter.reading("alert", range(2_500))) == list(range(2_500))
    assert (meter.counts(), meter.states()) == ({"read": 2_000}, {"reads": "alert"})


def test_the_newest_age_is_shown_and_all_of_them_are_kept():
    meter = Meter("ingest")
    meter.observe(age_s=3.5)
    meter.observe(age_s=0.5)

    assert meter.snapshot()["age_s"] == 0.5
    assert meter.histograms()["age_s"].cumulative()[-1] == (float("inf"), 2)


def test_progress_is_known_while_the_goal_is():
    meter, goals = Meter("produce"), iter([None, 100, 5])
    meter.aim(lambda: next(goals))
    meter.add(reports=10)

    assert [meter.progress() for _ in range(3)] == [None, (10, 100), (5, 5)]


def test_a_row_of_figures_bears_units_and_says_what_it_waits_for():
    shown = drawn(
        table_of("alert-bot", {"alerts": 1234, "rate_per_s": 3.5, "age_s": 83.0, "last_alert_s": 12, "lag": 7})
    )

    assert "harmony alert-bot" in shown
    assert all(cell in shown for cell in ("alerts", "1,234", "rate/s", "3.5", "1 min 23 s", "12.0 s ago", "lag"))


def test_headings_and_values_are_words():
    assert [head(name) for name in ("rate_per_s", "age_s", "last_alert_s", "dead_letters")] == [
        "rate/s",
        "age",
        "last alert",
        "dead letters",
    ]
    assert spell("state", "waiting for Kafka") == "waiting for Kafka"


def test_a_bar_with_the_total_stands_below_while_there_is_an_end():
    meter = Meter("produce")
    meter.add(reports=250)
    screen = Screen(meter)
    before = drawn(screen.draw())
    meter.aim(lambda: 1000)

    after = drawn(screen.draw())

    assert "250/1000" not in before
    assert "25%" in after
    assert "250/1000" in after
