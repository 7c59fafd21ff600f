import threading
from collections import defaultdict
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from cassandra import WriteTimeout
from cassandra.policies import WriteType

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra import conditional, schema
from harmonystate.edges.cassandra import recorded as records
from harmonystate.edges.cassandra.connect import connected, open_session
from harmonystate.errors import Misconfigured

services = pytest.mark.services


def keys(session, keyspace):
    """Return {table: "((partition), clustering)"} of a keyspace."""
    query = "SELECT table_name, column_name, kind, position FROM system_schema.columns WHERE keyspace_name = %s"
    partition, clustering = defaultdict(list), defaultdict(list)
    for row in sorted(session.execute(query, (keyspace,)), key=lambda row: row.position):
        if row.kind == "partition_key":
            partition[row.table_name].append(row.column_name)
        if row.kind == "clustering":
            clustering[row.table_name].append(row.column_name)
    return {table: ", ".join([f"({', '.join(names)})", *clustering[table]]) for table, names in partition.items()}


@pytest.fixture
def settings(config):
    yield config.cassandra
    with connected(config.cassandra) as session:
        session.execute(f"DROP KEYSPACE IF EXISTS {config.cassandra.keyspace}", timeout=30)


def test_the_last_step_is_the_version():
    assert [number for number, _ in schema.steps(CassandraSettings())] == list(range(1, records.VERSION + 1))


@pytest.mark.parametrize(("ttl", "hours"), [("30d", 24), ("365d", 292), ("1h", 1), ("31h", 2)])
def test_a_window_of_the_table_report_is_a_thirtieth_of_a_report_s_life(ttl, hours):
    assert schema.window_hours(CassandraSettings(report_ttl=ttl).report_ttl) == hours


@services
def test_the_tables_have_the_keys_that_others_rely_on(settings):
    schema.apply(settings)

    with open_session(settings) as session:
        found = keys(session, settings.keyspace)
    assert found == {
        "report": "(hour, shard), droneid, time, reportid",
        "report_hours": "(day), hour",
        "harmonyscores": "(id), time",
        "persons": "(id), time",
        "badpersons": "(id), time",
        "person_hours": "(hour, shard), lastname, firstname",
        "analyzed_hours": "(day), hour",
        "saddest": "(window), rank",
        "settings": "(name)",
        "leases": "(name)",
    }


@services
def test_rows_of_a_time_lie_and_die_together(settings):
    schema.apply(settings)

    with open_session(settings) as session:
        query = "SELECT * FROM system_schema.tables WHERE keyspace_name = %s AND table_name = 'report'"
        row = session.execute(query, (settings.keyspace,)).one()
    assert row.compaction["class"].endswith("TimeWindowCompactionStrategy")
    assert (row.compaction["compaction_window_unit"], row.compaction["compaction_window_size"]) == ("HOURS", "24")
    assert row.default_time_to_live == 30 * 86400


@services
def test_setup_again_changes_nothing_and_says_so(settings):
    assert "made" in schema.apply(settings)[-1]

    assert schema.apply(settings) == [f"keyspace {settings.keyspace}: tables are there"]


@services
def test_setups_at_once_do_not_disturb_each_other(settings):
    said = []
    threads = [threading.Thread(target=lambda: said.append(schema.apply(settings)[-1])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(said) == 4
    assert sum("made" in line for line in said) == 1
    with open_session(settings) as session:
        assert records.read_settings(session, settings.keyspace) == {"shards": "4", "schema_version": "3"}


@services
def test_other_shards_than_those_of_the_stored_reports_are_refused(settings):
    schema.apply(settings)
    other = settings.model_copy(update={"shards": 64})

    with pytest.raises(Misconfigured, match=r"cassandra\.shards: 64, .* with 4"):
        schema.apply(other)
    with pytest.raises(Misconfigured, match=r"cassandra\.shards: 64, .* with 4"), open_session(other):
        pass


@services
def test_a_keyspace_of_a_newer_version_is_refused_by_setup_and_by_whoever_works_on_it(settings):
    schema.apply(settings)
    with open_session(settings) as session:
        records.record(session, "schema_version", str(records.VERSION + 1))

    with pytest.raises(Misconfigured, match="newer harmony"):
        schema.apply(settings)
    with pytest.raises(Misconfigured, match="newer harmony"), open_session(settings):
        pass


@services
def test_a_keyspace_of_an_older_version_waits_for_setup(settings):
    schema.apply(settings)
    with open_session(settings) as session:
        records.record(session, "schema_version", str(records.VERSION - 1))

    with pytest.raises(Misconfigured, match="older harmony: run `harmony setup`"), open_session(settings):
        pass
    schema.apply(settings)
    with open_session(settings):
        pass


@services
def test_a_setup_that_was_killed_amid_its_tables_has_settled_the_shards(settings, monkeypatch):
    monkeypatch.setattr(schema, "_run_steps", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        schema.apply(settings)
    monkeypatch.undo()

    with pytest.raises(Misconfigured, match=r"cassandra\.shards: 64, .* with 4"):
        schema.apply(settings.model_copy(update={"shards": 64}))
    with pytest.raises(Misconfigured, match="has no tables of ours"), open_session(settings):
        pass


@services
def test_the_version_never_falls_while_setup_runs_again(settings, monkeypatch):
    schema.apply(settings)
    written = []
    monkeypatch.setattr(schema, "record", lambda _, name, value: written.append((name, value)))

    schema.apply(settings)

    assert [value for name, value in written if name == "schema_version"] == []


@services
def test_another_replication_than_the_configured_one_is_left_and_said(settings):
    schema.apply(settings)

    lines = schema.apply(settings.model_copy(update={"replication": 3}))

    assert "left as it is" in lines[0]


@services
def test_a_lock_of_a_killed_setup_does_not_stay_for_ever(settings):
    schema.apply(settings)
    with open_session(settings) as session:
        session.execute("INSERT INTO settings (name, value) VALUES ('setup', 'the dead') IF NOT EXISTS USING TTL 2")

    assert schema.apply(settings) == [f"keyspace {settings.keyspace}: tables are there"]


MET_OTHERS = WriteTimeout("", write_type=WriteType.CAS)
OURS, ANOTHER_S, APPLIED = "ours", "another's", "applied"


class Contended:
    """A session whose statements come to these ends, one after the other: a fault, APPLIED, or whose lock is there."""

    def __init__(self, *ends):
        self._ends = iter(ends)
        self._holder = None
        self.asked = []

    def execute(self, statement, values):
        verb, (holder, *_) = statement.split()[0], values
        self.asked.append(verb)
        self._holder = self._holder or holder
        assert holder == self._holder
        end = next(self._ends)
        if isinstance(end, Exception):
            raise end
        row = SimpleNamespace(value=holder if end == OURS else end)
        return SimpleNamespace(was_applied=end == APPLIED, one=lambda: row)


@pytest.mark.parametrize(
    ("ends", "asked"),
    [
        ([MET_OTHERS, OURS, APPLIED], ["INSERT", "INSERT", "DELETE"]),
        ([ANOTHER_S, MET_OTHERS, ANOTHER_S, APPLIED, APPLIED], ["INSERT"] * 4 + ["DELETE"]),
        ([APPLIED, MET_OTHERS, ANOTHER_S], ["INSERT", "DELETE", "DELETE"]),
    ],
)
def test_who_meets_others_on_the_way_to_the_lock_asks_again(ends, asked, monkeypatch):
    monkeypatch.setattr(schema, "_LOOK_EVERY_S", 0)
    monkeypatch.setattr(conditional, "_ASK_AGAIN_S", 0)
    session = Contended(*ends)

    with schema._alone(session):
        assert "DELETE" not in session.asked

    assert session.asked == asked


def test_a_write_that_is_lost_for_another_reason_is_not_asked_for_again():
    lost = WriteTimeout("", write_type=WriteType.SIMPLE)

    with pytest.raises(WriteTimeout), schema._alone(Contended(lost)):
        pass
