"""What Prometheus gets to read: parsed by its own client, as Prometheus would."""

import re
from pathlib import Path
from socketserver import BaseServer
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harmonystate.core.metrics import ANALYZE, DAEMONS, METRICS, Kind
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.metrics.exporter import exporting
from harmonystate.edges.metrics.textfile import write_textfile
from harmonystate.errors import Busy, Misconfigured

PAGE = (Path(__file__).parents[3] / "docs/metrics.md").read_text()


@pytest.fixture(autouse=True)
def look_often(monkeypatch):
    """Let a server see at once that it is to stop, and not after the half second between two of its looks."""
    monkeypatch.setattr(BaseServer.serve_forever, "__defaults__", (0.01,))


def read(at: str) -> dict[str, float]:
    """Return each sample by its name; of a stage's own the label is checked on the way."""
    with urlopen(at, timeout=5) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        sample.name + str(sample.labels.get("le", "")): sample.value for family in families for sample in family.samples
    }


def test_what_a_stage_notes_can_be_read_while_it_runs():
    meter = Meter("stream-alerts")
    with exporting(meter, 0) as at:
        meter.add(reports=100, alerts=5)
        meter.observe(age_s=0.2)
        meter.show(lag=17)
        found = read(at)
        meter.show(state="waiting for Kafka", lag=None)
        later = read(at)

    assert (found["harmony_reports_total"], found["harmony_alerts_total"]) == (100, 5)
    assert (found["harmony_dead_letters_total"], found["harmony_resets_total"]) == (0, 0)
    assert (found["harmony_lag_records"], found["harmony_waiting"]) == (17, 0)
    assert (found["harmony_age_seconds_bucket0.1"], found["harmony_age_seconds_bucket0.25"]) == (0, 1)
    assert (found["harmony_age_seconds_count"], found["harmony_age_seconds_sum"]) == (1, 0.2)
    assert later["harmony_waiting"] == 1
    assert "harmony_lag_records" not in later
    assert found["process_resident_memory_bytes"] > 0


@pytest.mark.parametrize("stage", DAEMONS)
def test_a_stage_has_its_own_metrics_from_its_start_and_no_others(stage):
    with exporting(Meter(stage), 0) as at:
        ours = {name for name in read(at) if name.startswith("harmony_")}

    unknown_yet = {"harmony_lag_records", "harmony_behind_seconds"}
    expected = {metric.name for metric in METRICS if stage in metric.stages} - unknown_yet - {"harmony_age_seconds"}
    assert {name for name in ours if not name.startswith("harmony_age")} == expected | {"harmony_build_info"}


def test_only_this_host_can_read():
    with exporting(Meter("ingest"), 0) as at:
        assert at.startswith("http://127.0.0.1:")


def test_without_a_port_nobody_listens():
    with exporting(Meter("ingest"), None) as at:
        assert at is None


def test_a_port_that_somebody_has_is_said():
    with exporting(Meter("ingest"), 0) as at:
        port = int(at.split(":")[2].split("/")[0])
        with pytest.raises(Busy, match=f"--metrics-port {port}: "), exporting(Meter("produce"), port):
            pass


def test_the_port_is_free_again_at_the_end():
    with exporting(Meter("ingest"), 0) as at:
        port = int(at.split(":")[2].split("/")[0])
    with exporting(Meter("ingest"), port) as again:
        assert again == at


def test_names_end_as_the_conventions_ask():
    ending = {Kind.COUNTER: "_total", Kind.HISTOGRAM: "_seconds"}
    for metric in METRICS:
        assert metric.name.startswith("harmony_")
        assert metric.name.endswith(ending.get(metric.kind, metric.name))
        assert metric.help.endswith(".")


def test_the_page_lists_every_metric_with_its_kind_and_its_stages_and_no_other():
    rows = re.findall(r"^\| `(harmony_[a-z_]+)` \| ([a-z]+) \| ([a-z, -]+) \|", PAGE, re.MULTILINE)

    planned = [(metric.name, metric.kind.value, ", ".join(metric.stages)) for metric in METRICS]
    of_analyze = [(figure.name, "gauge", "analyze") for figure in ANALYZE]
    assert rows == [*planned, ("harmony_build_info", "gauge", "all of them"), *of_analyze]


def figures(**values: float | None) -> dict[str, float | None]:
    return {figure.name: values.get(figure.name.removeprefix("harmony_analyze_"), 1.0) for figure in ANALYZE}


def test_the_file_of_analyze_is_written_whole_and_leaves_out_what_is_not_known(tmp_path: Path):
    path = tmp_path / "harmony.prom"
    path.write_text("of an earlier run")

    write_textfile(path, figures(duration_seconds=2.5, mean_score=None))

    samples = {s.name: s.value for f in text_string_to_metric_families(path.read_text()) for s in f.samples}
    assert samples["harmony_analyze_duration_seconds"] == 2.5
    assert "harmony_analyze_mean_score" not in samples
    assert [file.name for file in tmp_path.iterdir()] == ["harmony.prom"]


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path):
    with pytest.raises(Misconfigured, match=r"--metrics-file .*No such file"):
        write_textfile(tmp_path / "nowhere" / "harmony.prom", figures())
