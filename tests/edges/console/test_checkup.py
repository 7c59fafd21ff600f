import io

from rich.console import Console

from harmonystate.core.checkup import Examined, fail, ok, place, warn
from harmonystate.edges.console.checkup import document, show

KAFKA = Examined(
    "kafka",
    [
        place(ok("127.0.0.1:9092 answers; 1 broker"), "kafka-answers", ""),
        place(fail("topic [alert] is not there", "run `harmony setup`"), "kafka-topics", ""),
        place(warn("alert-bot: lag ≈ 7"), "kafka-lag", "start more of it"),
    ],
)


def shown(*categories: Examined) -> str:
    out = io.StringIO()
    show(iter(categories), Console(file=out, width=30))
    return out.getvalue()


def test_every_line_says_how_it_stands_and_what_to_do_and_where_to_read_on():
    assert shown(KAFKA) == (
        "kafka\n"
        "  ok    127.0.0.1:9092 answers; 1 broker\n"
        "  fail  topic [alert] is not there\n"
        "        run `harmony setup`\n"
        "        see docs/doctor.md#kafka-topics\n"
        "  warn  alert-bot: lag ≈ 7\n"
        "        start more of it\n"
        "        see docs/doctor.md#kafka-lag\n"
        "1 failure, 1 warning\n"
    )


def test_without_a_failure_it_says_so():
    assert shown(Examined("java", [place(ok("Java 17"), "java-version", "")])).endswith("\nnothing is broken\n")


def test_one_document_tells_the_same():
    told = document([KAFKA])

    assert (told["healthy"], told["failed"], told["warned"]) == (False, 1, 1)
    assert told["categories"][0]["name"] == "kafka"
    assert told["categories"][0]["checks"][1] == {
        "id": "kafka-topics",
        "level": "fail",
        "says": "topic [alert] is not there",
        "hint": "run `harmony setup`",
        "page": "docs/doctor.md#kafka-topics",
    }
