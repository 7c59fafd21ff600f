from harmonystate.core.checkup import Check, Examined, Level, count, fail, has_failed, ok, place, warn


def test_what_is_ok_needs_no_advice_and_no_page():
    check = place(ok("Java 17"), "java-version", "install one")

    assert check == Check("java-version", Level.OK, "Java 17", "")
    assert check.page == ""


def test_what_is_wrong_has_the_advice_of_its_check_unless_it_knows_better():
    found = [fail("no topic alert", "run `harmony setup`"), warn("retention 1 d")]

    first, second = (place(finding, "kafka-topics", "change the topic") for finding in found)

    assert (first.hint, second.hint) == ("run `harmony setup`", "change the topic")
    assert first.page == second.page == "docs/doctor.md#kafka-topics"


def test_a_warning_is_no_failure():
    lines = [place(ok("a"), "x", ""), place(warn("b"), "x", "")]

    assert not has_failed(lines)
    assert has_failed([*lines, place(fail("c"), "x", "")])
    assert count([Examined("one", lines), Examined("two", lines)], Level.WARN) == 2
