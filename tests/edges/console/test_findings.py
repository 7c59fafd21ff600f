import io
import json
from collections import Counter

import pytest

from harmonystate.core.findings import Remedy
from harmonystate.core.moments import from_ms
from harmonystate.edges.console.findings import Verdict, write_json, write_table
from tests.support.audits import Stage


@pytest.fixture
def verdict() -> Verdict:
    """A row is missing, and it is stored again; an alert waits."""
    stage = Stage()
    stage.rows.remove(stage.calm)
    stage.deliveries, stage.reached["alert-bot"] = [], 0
    stage.now = from_ms(stage.written_ms)
    return Verdict(None, {"global1": 3}, stage.judged().findings, Counter({Remedy("store", "table report"): 1}))


def test_the_document_holds_counts_cases_and_what_was_repaired(verdict: Verdict):
    out = io.StringIO()
    write_json(verdict, out)

    calm = Stage().calm.report_id
    assert json.loads(out.getvalue()) == {
        "window": None,
        "seen": {"global1": 3},
        "waiting": {"alert-bot": 1},
        "silenced": 0,
        "wrong": {"missing": {"table report": 1}},
        "cases": [
            {
                "kind": "missing",
                "store": "table report",
                "id": calm,
                "places": [{"topic": "global2", "partition": 0, "offset": 1}],
                "detail": "",
            }
        ],
        "repaired": [{"action": "store", "to": "table report", "count": 1}],
    }


def test_the_table_tells_the_same(verdict: Verdict, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "160")
    out = io.StringIO()
    write_table(verdict, out)

    lines = out.getvalue().splitlines()
    assert any(Stage().calm.report_id in line and "global2/0/1" in line and "missing" in line for line in lines)
    assert any("alert-bot" in line and " 1 " in line for line in lines)
    assert "repaired: 1 (store to table report)" in lines


def test_the_silenced_are_counted_and_nothing_is_wrong_with_them():
    stage, out = Stage(), io.StringIO()
    stage.silenced = set(stage.deliveries)

    write_table(Verdict(None, {}, stage.judged().findings, Counter()), out)

    assert out.getvalue().splitlines()[-2:] == [
        "silenced: 1 alerts, which have a delivery and were told to nobody",
        "Nothing is missing, doubled, late or disagreeing.",
    ]


def test_where_nothing_is_wrong_one_line_says_so():
    out = io.StringIO()
    write_table(Verdict("a/b", {}, Stage().judged().findings, Counter()), out)

    assert out.getvalue().splitlines()[-1] == "Nothing is missing, doubled, late or disagreeing."
    assert "(a/b)" in out.getvalue()
