"""Make grafana/dashboards/harmony.json, as classic JSON, from Grafana's own SDK.

Run `.venv/bin/python tools/make_grafana.py`; tests/grafana compares the committed file with `text()`. With the name of
a keyspace behind it, the dashboard of that keyspace goes to stdout.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import grafana_queries as queries
from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, DataSourceRef
from grafana_foundation_sdk.models.dashboard import (
    AnnotationEventFieldMapping,
    DashboardCursorSync,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    VariableOption,
)

from harmonystate.core.answers import BADPERSONS, HARMONYSCORES, PERSONS, SADDEST, Question

FILE = Path(__file__).resolve().parent.parent / "grafana" / "dashboards" / "harmony.json"
KEYSPACE = "harmony"
# grafana/provisioning/datasources/cassandra.yaml says the same.
DATASOURCE = DataSourceRef(type_val="hadesarchitect-cassandra-datasource", uid="harmony-cassandra")
MINUTE_MS = 60_000
# Marks for fleets of every size: 100 drones make some 6 sad people a minute.
MARKS = ("1", "2", "5", "10", "20", "50", "100", "1000", "10000")
USUAL_MARK = "10"


def text(keyspace: str = KEYSPACE) -> str:
    """Return the whole file."""
    return json.dumps(build(keyspace).build(), cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"


def build(keyspace: str) -> dashboard.Dashboard:
    page = dashboard.Dashboard("Harmony State").uid("harmony-state").tags(["harmony"]).readonly()
    page.description("What the city feels: the four answers of `harmony analyze`, and how fresh they are.")
    page.timezone("browser").time("now-24h", "now").refresh("1m").tooltip(DashboardCursorSync.CROSSHAIR)
    page.with_variable(_mark()).annotation(_sad_minutes(keyspace))
    panels = (
        _age("Last report stored", queries.stored_age(keyspace), "By `harmony ingest`; today or yesterday, UTC.", 5),
        _age("Last analysis", queries.analysis_age(keyspace), "By `harmony analyze`, where it was saved.", 30),
        _age("Newest minute with answers", queries.answers_age(keyspace), "Event time of the reports.", 30),
        _series(keyspace, BADPERSONS, "red").height(9).span(24),
        _series(keyspace, HARMONYSCORES, "green").min(0).max(10).height(9).span(12),
        _series(keyspace, PERSONS, "blue").min(0).height(9).span(12),
        _saddest(keyspace).height(12).span(14),
        _hours(keyspace).height(12).span(10),
    )
    for number, panel in enumerate(panels, 1):
        page.with_panel(panel.id(number))
    return page


def _series(keyspace: str, question: Question, color: str) -> timeseries.Panel:
    panel = timeseries.Panel().title(question.title).description(f"In {question.unit}.").datasource(DATASOURCE)
    # A gap of five minutes is one: nobody reported, or nobody has looked yet.
    panel.with_target(queries.series(keyspace, question)).insert_nulls(5 * MINUTE_MS)
    panel.color_scheme(dashboard.FieldColor().mode("fixed").fixed_color(color))  # type: ignore[arg-type]
    return panel.line_width(1).fill_opacity(10).legend(common.VizLegendOptions().show_legend(False))


def _age(title: str, query: queries.Query, description: str, late_min: int) -> stat.Panel:
    """Return a panel of the smallest age; red where it is above `late_min` minutes."""
    steps = [Threshold(None, "green"), Threshold(late_min * MINUTE_MS, "red")]
    panel = stat.Panel().title(title).description(description).datasource(DATASOURCE).with_target(query)
    panel.reduce_options(common.ReduceDataOptions().calcs(["min"]).fields("/^age$/")).unit("ms").no_value("never")
    panel.thresholds(dashboard.ThresholdsConfig().steps(steps)).height(4).span(8)
    return panel.color_mode(BigValueColorMode.BACKGROUND).graph_mode(BigValueGraphMode.NONE)


def _saddest(keyspace: str) -> table.Panel:
    renamed = {"firstname": "first name", "lastname": "last name", "sad": "sad sightings", "share_low": "at least"}
    panel = table.Panel().title(SADDEST.title).datasource(DATASOURCE).with_target(queries.saddest(keyspace))
    panel.description("Share: of their sightings, sad. At least: its Wilson lower bound, fair to who is rarely seen.")
    panel.with_transformation(_organize(hide=["window"], rename=renamed))
    share = [DynamicConfigValue("unit", "percentunit"), DynamicConfigValue("min", 0), DynamicConfigValue("max", 1)]
    gauge = DynamicConfigValue("custom.cellOptions", {"type": "gauge", "mode": "basic"})
    return panel.override_by_name("share", [*share, gauge]).override_by_name("at least", share)


def _hours(keyspace: str) -> table.Panel:
    panel = table.Panel().title("Hours of today and yesterday, UTC").datasource(DATASOURCE)
    panel.description("An hour whose answers are made from an older change is computed anew by the next analysis.")
    panel.with_target(queries.stored_hours(keyspace)).with_target(queries.analyzed_hours(keyspace))
    panel.with_transformation(DataTransformerConfig("joinByField", options={"byField": "hour", "mode": "outer"}))
    renamed = {"changed": "reports changed", "made_from": "answers made from"}
    panel.with_transformation(_organize(hide=["stored", "analyzed"], rename=renamed))
    return panel.sort_by([common.TableSortByFieldState().display_name("hour").desc(True)])


def _organize(*, hide: list[str], rename: dict[str, str]) -> DataTransformerConfig:
    return DataTransformerConfig(
        "organize", options={"excludeByName": dict.fromkeys(hide, True), "renameByName": rename}
    )


def _mark() -> dashboard.CustomVariable:
    mark = dashboard.CustomVariable("sad_at_least").label("Mark minutes with at least so many sad people")
    options = [VariableOption(one == USUAL_MARK, one, one) for one in MARKS]
    mark.values(",".join(MARKS)).options(options).current(VariableOption(True, USUAL_MARK, USUAL_MARK))
    return mark.allow_custom_value(False)  # 0 would divide by it


def _sad_minutes(keyspace: str) -> dashboard.AnnotationQuery:
    marks = dashboard.AnnotationQuery().name("Sad minutes").datasource(DATASOURCE).enable(True).icon_color("red")
    marks.target(queries.sad_minutes(keyspace))
    marks.build().mappings = {name: AnnotationEventFieldMapping(value=name) for name in ("time", "text")}
    return marks


if __name__ == "__main__":
    if named := sys.argv[1:]:
        sys.stdout.write(text(*named))
    else:
        FILE.write_text(text())
