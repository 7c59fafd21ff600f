"""The committed dashboard and its provisioning, without Grafana and without Cassandra."""

import itertools
import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.grafana_plugin import queries

# Classic JSON is what we want.
pytestmark = pytest.mark.filterwarnings("ignore:Prefer using dashboardv2:DeprecationWarning")

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "grafana/dashboards/harmony.json"
PROVISIONING = ROOT / "grafana/provisioning"
DASHBOARD = json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def make_grafana():
    sys.path.insert(0, str(ROOT / "tools"))
    import make_grafana

    return make_grafana


def test_the_committed_dashboard_is_what_the_tool_makes(make_grafana):
    assert make_grafana.text() == FILE.read_text()


def test_a_dashboard_can_be_made_for_another_keyspace(make_grafana):
    other = make_grafana.text("elsewhere")

    assert "elsewhere.badpersons" in other
    assert other.replace("elsewhere", "harmony") == make_grafana.text()


def test_everything_asks_the_one_datasource_that_is_provisioned():
    (provisioned,) = yaml.safe_load((PROVISIONING / "datasources/cassandra.yaml").read_text())["datasources"]

    asked = {
        (one["datasource"]["type"], one["datasource"]["uid"])
        for one in (*DASHBOARD["panels"], *DASHBOARD["annotations"]["list"])
    }

    assert (
        asked
        == {(provisioned["type"], provisioned["uid"])}
        == {("hadesarchitect-cassandra-datasource", "harmony-cassandra")}
    )
    assert provisioned["jsonData"]["consistency"] == "LOCAL_QUORUM"


def test_the_dashboard_has_a_name_that_links_can_rely_on_and_nothing_to_be_filled_in_by_hand():
    assert DASHBOARD["uid"] == "harmony-state"
    assert "__inputs" not in DASHBOARD
    assert "${" not in FILE.read_text()


def test_every_query_is_of_the_form_that_the_plugin_takes():
    found = [query for _, query in queries(DASHBOARD)]

    assert len(found) == 10
    for query in found:
        assert query["queryType"] == "query"
        needed = (
            {"target"}
            if query["rawQuery"]
            else {"keyspace", "table", "columnId", "columnTime", "columnValue", "valueId"}
        )
        assert all(query[name] for name in needed)
        assert not query.get("filtering")
        assert "ALLOW FILTERING" not in query.get("target", "").upper()


def test_no_query_aggregates_for_over_no_rows_the_plugin_would_show_a_zero():
    asked = " ".join(query.get("target", "") for _, query in queries(DASHBOARD))

    assert re.findall(r"\b(?:min|max|avg|sum|count)\(", asked, re.IGNORECASE) == []


def test_no_two_panels_overlap_and_none_leaves_the_page():
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x, y in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        )
    ]

    assert len(cells) == len(set(cells))
    assert all(0 <= x < 24 for x, _ in cells)
    # no hole either: every row is full
    assert len(cells) == 24 * (1 + max(y for _, y in cells))


def test_every_panel_has_an_id_of_its_own_and_a_title():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]

    assert len(set(ids)) == len(ids)
    assert all(panel["title"] for panel in DASHBOARD["panels"])


def test_the_secret_of_the_datasource_is_not_in_the_file():
    (provisioned,) = yaml.safe_load((PROVISIONING / "datasources/cassandra.yaml").read_text())["datasources"]

    assert provisioned["secureJsonData"] == {"password": "$CASSANDRA_PASSWORD"}


def test_the_dashboard_lies_where_its_provider_looks():
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards/harmony.yaml").read_text())["providers"]

    assert provider["type"] == "file"
    assert Path(provider["options"]["path"]).name == FILE.parent.name
