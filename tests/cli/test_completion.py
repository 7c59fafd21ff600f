"""What a shell is answered when Tab is pressed; `harmony --install-completion` teaches it to ask."""

import pytest


@pytest.fixture
def pressed(harmony, monkeypatch):
    """Return a function that says what bash would offer at the end of a line."""

    def press(line):
        monkeypatch.setenv("_HARMONY_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
        return set(harmony().out.split())

    return press


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("harmony str", {"stream-alerts"}),
        ("harmony dead-letters re", {"replay"}),
        ("harmony alert-bot --si", {"--sink"}),
        ("harmony alert-bot --sink dis", {"discord"}),
        ("harmony nosuch", set()),
    ],
)
def test_commands_options_and_their_values_are_completed(pressed, line, offered):
    assert pressed(line) == offered


def test_the_shell_is_shown_how_to_ask(harmony, monkeypatch):
    # typer asks which shell is above; a test has none.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")

    shown = harmony("--show-completion", "bash").out

    assert "complete -o default -F _harmony_completion harmony" in shown
