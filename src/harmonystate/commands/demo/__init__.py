"""demo: everything at once, in a home and on ports of its own, with a live screen or, with --exit, a check at the end.

place.py   where it lives: home, ports, config, environment
cast.py    its processes
watch.py   what has been seen so far, for the screen
tally.py   what every store holds at the end, and whether all agree
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from msgspec import Struct

from harmonystate.commands.demo import place, tally
from harmonystate.commands.demo.cast import Cast
from harmonystate.commands.demo.watch import Watch, watching
from harmonystate.config import Config
from harmonystate.edges.console.screen import View, showing
from harmonystate.edges.discord.required import require_settings
from harmonystate.edges.local import instance as instances
from harmonystate.edges.local import jars
from harmonystate.edges.local.children import Child
from harmonystate.edges.local.stop import Stop, Stopped, stop_on_signals

BACKFILL = "6h"
LIVE_RATE = "60/min"
LIVE_S = 20.0
LOOK_EVERY_S = 0.5
ANALYZE_EVERY_S = 120.0
# How long the last records may take to arrive everywhere once produce has stopped.
SETTLE_S = 120.0
# All of our processes, and the servers after them, may take their time to stop.
GRACE_S = 120.0


log = structlog.get_logger("harmony.demo")


class Scene(Struct, frozen=True):
    """What every phase of the demo works with; `show` draws a View."""

    config: Config
    cast: Cast
    watch: Watch
    show: Callable[[View], None]
    stop: Stop

    def until(self, phase: str, done: Callable[[], bool]) -> None:
        """Show what goes on until `done`.

        Raises:
            Stopped: when somebody pressed ^C.
            CheckFailed: when a process has died.
            TransactionFailed: when Kafka does not answer; Unavailable: when Cassandra does not.
        """
        where = f"{place.page(self.config)}   Kafka {self.config.kafka.bootstrap_servers}"
        while not done():
            self.cast.require_alive()
            self.watch.look()
            self.show(self.watch.view(phase, where))
            self.stop.raise_if_set(LOOK_EVERY_S)

    def for_seconds(self, phase: str, seconds: float) -> None:
        """Show what goes on for so long."""
        end = time.monotonic() + seconds
        self.until(phase, lambda: time.monotonic() > end)

    def settle(self) -> tally.Tally:
        """Wait until all that was produced has arrived everywhere; for what it raises see `until`."""
        return tally.settle(self._count, within_s=SETTLE_S, pause=lambda: self.stop.raise_if_set(1.0))

    def _count(self) -> tally.Tally:
        self.cast.require_alive()
        return tally.take(self.config)


def run(config: Config, *, exit_after: bool, discord: bool) -> int:
    """Run it until ^C, or with `exit_after` until the counts are checked; then everything it started stops."""
    if discord:
        require_settings(config.discord)
    with instances.claim(config.local.home, "demo", None) as slot, suppress(Stopped):
        home = config.local.home / "demo" / slot
        # Who does not want to wait leaves nothing running either.
        stop = stop_on_signals(lambda: place.kill(home), grace_s=GRACE_S)
        ours = place.make(config, home, discord=discord)
        # In this process, so that the first demo ever shows how far it is.
        jars.fetch(["kafka", "cassandra", "spark"], stop=stop)
        with Cast(ours, stop) as cast, showing(live=not exit_after) as show:
            cast.run("up")
            cast.run("setup")
            with cast.asking(), watching(ours) as watch:
                scene = Scene(ours, cast, watch, show, stop)
                _play(scene, sink="discord" if discord else "console", exit_after=exit_after)
    return 0


def _play(scene: Scene, *, sink: str, exit_after: bool) -> None:
    live = _open(scene, sink)
    if exit_after:
        sys.stdout.write(_analyze(scene, "table"))
        scene.for_seconds("live reports", LIVE_S)
        scene.cast.stop(live)
        print(f"all agree: {scene.settle()}")
        return
    while True:
        scene.watch.answers = json.loads(_analyze(scene, "json"))
        scene.for_seconds("live reports", ANALYZE_EVERY_S)


def _open(scene: Scene, sink: str) -> Child:
    """Start the daemons, backfill, go live; return the live produce once the backfill is stored."""
    cast, watch = scene.cast, scene.watch
    cast.start("stream-alerts")
    cast.start("alert-bot", "--sink", sink)
    cast.start("dashboard")
    log.info("the page", at=place.page(scene.config))
    cast.start("ingest")
    backfill = cast.begin("produce", "--backfill", BACKFILL, "--duration", BACKFILL, role="backfill")
    scene.until(f"backfill of {BACKFILL}", lambda: cast.has_ended(backfill))
    live = cast.start("produce", "--rate", LIVE_RATE, role="live")
    watch.look()
    backfilled = watch.seen["reports"]
    scene.until("storing the backfill", lambda: watch.rows >= backfilled)
    return live


def _analyze(scene: Scene, output: str) -> str:
    """Return what analyze prints, once it has."""
    analyze = scene.cast.begin("analyze", "--output", output)
    scene.until("analyze", lambda: scene.cast.has_ended(analyze))
    return scene.cast.output("analyze").read_text()
