import io

import pytest

from harmonystate.edges.console.tables import WIDTH, make_table, open_console

LONG = "0190a2f0-0000-5000-8000-000000000000"


def written(*cells: str) -> str:
    out = io.StringIO()
    table = make_table("Ids", ">count", "=id", "said")
    table.add_row(*cells)
    open_console(out).print(table)
    return out.getvalue()


def test_where_nobody_watches_nothing_is_broken_and_nothing_coloured(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COLUMNS", raising=False)

    out = written("1", LONG, "word " * 20)

    assert LONG in out
    assert "word " * 20 in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= WIDTH


def test_an_id_is_whole_in_a_narrow_table_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "70")

    assert LONG in written("1", LONG, "word " * 20)


def test_what_looks_like_markup_is_shown_as_it_is():
    assert "[red]x[/red]" in written("1", LONG, "[red]x[/red]")
