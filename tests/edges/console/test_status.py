"""What `harmony status` shows of what it found."""

from harmonystate.edges.console.status import show


def test_what_is_wrong_is_shown_to_the_letter(capsys, monkeypatch):
    # rich would take the address for a style of its own, and leave it out.
    monkeypatch.setenv("COLUMNS", "120")
    down = {"state": "no Kafka at [fd00::1]:9092: connection refused"}

    show({"kafka": down, "cassandra": {"state": "up", "at": "[fd00::2]:9042"}})

    shown = capsys.readouterr().out
    assert "not usable: no Kafka at [fd00::1]:9092: connection refused" in shown
    assert "[fd00::2]:9042" in shown
