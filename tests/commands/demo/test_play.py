"""What a demo on a live screen does once the backfill is stored."""

import json
from types import SimpleNamespace

import pytest

from harmonystate.commands import demo
from harmonystate.edges.local.stop import Stopped


def test_the_four_questions_are_answered_anew_every_two_minutes_until_it_is_stopped(monkeypatch):
    shown = []

    def for_seconds(_phase, seconds):
        shown.append((scene.watch.answers, seconds))
        if len(shown) == 3:
            raise Stopped

    scene = SimpleNamespace(watch=SimpleNamespace(answers=None), for_seconds=for_seconds)
    monkeypatch.setattr(demo, "_open", lambda *_: None)
    monkeypatch.setattr(demo, "_analyze", lambda _, form: json.dumps([form, len(shown)]))

    with pytest.raises(Stopped):
        demo._play(scene, sink="console", exit_after=False)

    assert shown == [(["json", number], 120.0) for number in range(3)]
