"""The command lines of the docs, run: the tutorial's from its first step to its last, then the others that are quick.

Lines that run for ever, or start Spark or servers of their own, are started by the tests that STARTED_BY names.
That each line is one that we take is seen to in test_docs.py.
"""

import re
import uuid
from pathlib import Path

import pytest

from tests.support.command_lines import in_markdown
from tests.support.fake_discord import CHANNEL_ID, TOKEN, FakeDiscord
from tests.support.harmony import run_all, run_harmony
from tests.support.services import local_config, write_config

pytestmark = pytest.mark.services

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *(page for page in (ROOT / "docs").glob("*.md") if page.name != "commands.md")]
TUTORIAL = list(in_markdown((ROOT / "docs/tutorial.md").read_text()))
STARTED_BY = {
    "up": "tests/commands/test_stack.py",
    "down": "tests/commands/test_stack.py",
    "demo": "tests/journey/test_demo.py",
    "ingest": "tests/journey/test_chain.py",
    "analyze": "tests/journey/test_chain.py",
    "doctor": "tests/commands/doctor/test_doctor.py",
    "dashboard": "tests/commands/test_dashboard.py",
    "--install-completion": "tests/cli/test_completion.py",
    "--watch": "tests/commands/test_status.py",
}
QUICK = {"status", "verify", "dead-letters", "trace", "silence", "config", "forget"}
# These hold a lease: one after the other.
ALONE = {"--repair", "--execute", "forget"}


@pytest.fixture(scope="module")
def place(stack, tmp_path_factory):
    """A folder with the config file of services that are up, as after `harmony up`."""
    folder = tmp_path_factory.mktemp("docs")
    write_config(local_config(stack, folder / "home"), folder / "harmony.yaml")
    return folder


@pytest.fixture(scope="module")
def discord(place):
    token = place / "discord-token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with FakeDiscord() as fake:
        yield (
            fake,
            {
                "HARMONY_DISCORD__TOKEN_FILE": str(token),
                "HARMONY_DISCORD__CHANNEL_ID": str(CHANNEL_ID),
                "HARMONY_DISCORD__REST_URL": fake.url,
            },
        )


def run(place, arguments, variables):
    done = run_harmony(place / "harmony.yaml", *arguments, **variables)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def told(place, discord):
    """Each line of the tutorial, what it printed, and how many cards stood in our Discord then; in order."""
    fake, variables = discord
    printed, given = [], {}
    for arguments in TUTORIAL:
        if "--test" in arguments:  # the first line behind the exports
            given = variables
        if arguments[0] not in STARTED_BY:
            out = run(place, arguments, given)
            printed.append((arguments, out, sum(len(message.get("embeds", [])) for message in fake.messages)))
    return printed


def test_the_tutorial_goes_from_empty_topics_to_ten_cards_in_discord(told):
    in_terminal, test, in_discord = [(out, cards) for arguments, out, cards in told if arguments[0] == "alert-bot"]

    assert "Alert" in in_terminal[0]
    assert (in_terminal[1], test[1], in_discord[1]) == (0, 1, 11)
    assert "Alert" not in test[0] + in_discord[0]


def test_after_the_tutorial_nothing_is_missing_and_nothing_doubled(told):
    (verdict,) = [out for arguments, out, _ in told if arguments[0] == "verify"]

    assert not re.search(r"(missing|doubled|disagreeing|stray)\D+[1-9]", verdict)


def lines(*, alone):
    """Return the quick lines of all pages, each once; those that must be alone, or the others."""
    found = {" ".join(one): one for page in PAGES for one in in_markdown(page.read_text()) if one and one[0] in QUICK}
    # A command's bare name is a mention, but where that is a whole line.
    whole = [one for one in found.values() if len(one) > 1 or one[0] in {"status", "verify"}]
    ends = [one for one in whole if not STARTED_BY.keys() & set(one)]
    return [one for one in ends if bool(ALONE & set(one)) == alone]


def filled_in(arguments, place):
    meant = {"FILE": str(place / "harmony.yaml"), "ID": str(uuid.UUID(int=0))}
    return [meant.get(word, word) for word in arguments]


def test_every_quick_line_of_the_other_pages_ends_with_an_answer(told, place):
    file = place / "harmony.yaml"
    side_by_side = {" ".join(one): (file, tuple(filled_in(one, place))) for one in lines(alone=False)}

    ended = run_all(side_by_side)
    for one in lines(alone=True):
        ended |= run_all({" ".join(one): (file, tuple(filled_in(one, place)))})

    assert len(ended) > 12
    # 1: trace finds nothing of that id, forget is not confirmed; 65: there is no such dead letter.
    assert {line: done.stderr for line, done in ended.items() if done.returncode not in {0, 1, 65}} == {}
    assert {line: done.stderr for line, done in ended.items() if "Traceback" in done.stderr} == {}


def test_every_command_of_the_docs_is_run_here_or_started_by_a_test_of_its_own():
    named = {one[0] for page in PAGES for one in in_markdown(page.read_text()) if one} - {"COMMAND"}
    run_here = QUICK | {one[0] for one in TUTORIAL} - set(STARTED_BY)

    assert named <= run_here | set(STARTED_BY)
    for word, file in STARTED_BY.items():
        assert word.lstrip("-").replace("install", "show") in (ROOT / file).read_text()
