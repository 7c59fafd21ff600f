"""The JVM that Spark runs in: its start without a word, and its certain end.

Nothing here imports pyspark before the JVM is on its way: both take about as long.
"""

import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonystate.edges.spark.archive import archive_options, archive_path
from harmonystate.edges.spark.java_command import java_command, spark_home, whole_class_path
from harmonystate.edges.spark.watchdog import Watchdog
from harmonystate.errors import Unavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STARTS_WITHIN_S = 120
LEAVES_WITHIN_S = 8
# A JVM that is going may refuse a call some moments before it is gone.
_GOING_S = 2.0
_LOOK_EVERY_S = 0.02


def set_environment(java_home: Path, *, local: bool) -> None:
    """Set what pyspark reads only from the environment: without it, workers run another Python, Spark another Java."""
    os.environ.update(JAVA_HOME=str(java_home), PYSPARK_PYTHON=sys.executable, SPARK_HOME=str(spark_home()))
    if local:
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"


def launch(conf: Mapping[str, str], output: Path, inherited_fds: Sequence[int]) -> Any:
    """Start the JVM by Spark's own script, which knows every cluster; returns its gateway.

    The options are in a file only we can read, so that no password stands in `ps`.

    Raises:
        Unavailable: when it does not start, with the first line of what it said.
    """
    from pyspark.errors import PySparkRuntimeError
    from pyspark.java_gateway import launch_gateway

    with _properties(conf) as file, output.open("wb") as out:
        os.environ["PYSPARK_SUBMIT_ARGS"] = f'--properties-file "{file.name}" pyspark-shell'
        popen = {"start_new_session": True, "stdout": out, "stderr": subprocess.STDOUT, "pass_fds": inherited_fds}
        try:
            return launch_gateway(popen_kwargs=popen)  # type: ignore[no-untyped-call]
        except (PySparkRuntimeError, OSError) as fault:
            raise _did_not_start(output, fault) from None


def launch_local(
    conf: Mapping[str, str], output: Path, inherited_fds: Sequence[int], *, java_home: Path, jars: Sequence[Path]
) -> Any:
    """Start the JVM of a local master by Java itself, in half the time; otherwise as `launch`."""
    path = whole_class_path(conf, jars)
    with _properties(conf) as file, output.open("wb") as out, tempfile.TemporaryDirectory() as folder:
        info = Path(folder) / "gateway"
        java, *arguments = java_command(conf, java_home=java_home, properties=Path(file.name))
        process = subprocess.Popen(
            [java, *archive_options(archive_path(java_home, path)), *arguments],
            env=os.environ | {"CLASSPATH": path, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(info)},
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=inherited_fds,
        )
        try:
            return _connect(process, info, output)
        except BaseException:
            process.kill()
            process.wait()
            raise


def jvm_of(spark: "SparkSession") -> "subprocess.Popen[bytes]":
    """Return the JVM of a session."""
    gateway: Any = spark.sparkContext._gateway
    jvm: subprocess.Popen[bytes] = gateway.proc
    return jvm


def has_gone(jvm: "subprocess.Popen[bytes]") -> bool:
    """Say whether a JVM has gone, or does in a moment."""
    try:
        jvm.wait(_GOING_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def shut_down(gateway: Any, *, patience_s: float = LEAVES_WITHIN_S) -> None:
    """Stop Spark and wait for the JVM; one that went first is no error, and one that does not answer is killed."""
    from pyspark import SparkContext

    stopper = threading.Thread(target=_stop_context, args=(gateway,), name="spark-stop", daemon=True)
    stopper.start()
    stopper.join(LEAVES_WITHIN_S)
    # The JVM leaves when its stdin closes.
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(patience_s)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()
    # Else the next session in this process would talk to the JVM that is gone.
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None


def _connect(process: "subprocess.Popen[bytes]", info: Path, output: Path) -> Any:
    """Import pyspark while the JVM starts; then wait for the file in which it says where it listens."""
    from py4j.protocol import Py4JError
    from pyspark.java_gateway import launch_gateway

    give_up = time.monotonic() + STARTS_WITHIN_S
    while not info.exists():
        if process.poll() is not None:
            raise _did_not_start(output, f"it ended with {process.returncode}")
        if time.monotonic() > give_up:
            raise _did_not_start(output, f"it has not said where it listens for {STARTS_WITHIN_S} s")
        time.sleep(_LOOK_EVERY_S)
    port, secret = _parse(info.read_bytes())
    os.environ |= {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}
    try:
        with closing(Watchdog(process)) as watchdog, watchdog.watching():
            gateway = launch_gateway()  # type: ignore[no-untyped-call]
    except (Py4JError, OSError) as fault:  # it went, or froze, as soon as it listened
        raise _did_not_start(output, fault) from fault
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]
    gateway.proc = process
    return gateway


def _parse(info: bytes) -> tuple[int, str]:
    """Read what the JVM writes down in one move: its port, and the length and text of a secret."""
    port, length = struct.unpack_from(">ii", info)
    return port, info[8 : 8 + length].decode()


def _stop_context(gateway: Any) -> None:
    from py4j.protocol import Py4JError
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    with suppress(Py4JError, OSError):
        if context is not None:
            context.stop()
    with suppress(Py4JError, OSError):
        gateway.shutdown()


def _properties(conf: Mapping[str, str]) -> Any:
    file = tempfile.NamedTemporaryFile("w", suffix=".properties", encoding="utf-8")  # noqa: SIM115 - the caller's
    file.writelines(f"{_escape(name)}={_escape(value)}\n" for name, value in conf.items())
    file.flush()
    return file


def _escape(text: str) -> str:
    """Escape for a Java properties file."""
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return escaped.replace("=", "\\=").replace(":", "\\:").replace(" ", "\\ ").replace("#", "\\#").replace("!", "\\!")


def _did_not_start(output: Path, fault: object) -> Unavailable:
    return Unavailable(f"Spark's JVM does not start ({_first_line(output) or fault}): see {output}")


def _first_line(output: Path) -> str:
    """Return where a JVM that does not start says why; what follows is that it does not."""
    lines = output.read_text(errors="replace").split("\n")
    return next((line.strip() for line in lines if line.strip()), "")
