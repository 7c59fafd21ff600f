"""The JVM that Spark runs in: its start without a word, and its certain end."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyspark
from py4j.protocol import Py4JError
from pyspark import SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.java_gateway import launch_gateway

from harmonystate.errors import Unavailable

_LEAVES_WITHIN_S = 8


def set_environment(java_home: Path, *, local: bool) -> None:
    """Set what pyspark reads only from the environment: without it, workers run another Python, Spark another Java."""
    os.environ.update(
        JAVA_HOME=str(java_home), PYSPARK_PYTHON=sys.executable, SPARK_HOME=str(Path(pyspark.__file__).parent)
    )
    if local:
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"


def launch(conf: Mapping[str, str], output: Path, inherited_fds: Sequence[int]) -> Any:
    """Start the JVM with its options in a file only we can read, so that no password stands in `ps`."""
    with tempfile.NamedTemporaryFile("w", suffix=".properties", encoding="utf-8") as file, output.open("wb") as out:
        file.writelines(f"{_escape(name)}={_escape(value)}\n" for name, value in conf.items())
        file.flush()
        os.environ["PYSPARK_SUBMIT_ARGS"] = f'--properties-file "{file.name}" pyspark-shell'
        popen = {"start_new_session": True, "stdout": out, "stderr": subprocess.STDOUT, "pass_fds": inherited_fds}
        try:
            return launch_gateway(popen_kwargs=popen)  # type: ignore[no-untyped-call]
        except (PySparkRuntimeError, OSError) as fault:
            raise Unavailable(f"Spark's JVM does not start ({_first_line(output) or fault}): see {output}") from None


def shut_down(gateway: Any) -> None:
    """Stop Spark and wait for the JVM; one that went first is no error, and one that does not answer is killed."""
    stopper = threading.Thread(target=_stop_context, args=(gateway,), name="spark-stop", daemon=True)
    stopper.start()
    stopper.join(_LEAVES_WITHIN_S)
    # The JVM leaves when its stdin closes.
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(_LEAVES_WITHIN_S)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()
    # Else the next session in this process would talk to the JVM that is gone.
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None


def _stop_context(gateway: Any) -> None:
    context = SparkContext._active_spark_context
    with suppress(Py4JError, OSError):
        if context is not None:
            context.stop()
    with suppress(Py4JError, OSError):
        gateway.shutdown()


def _escape(text: str) -> str:
    """Escape for a Java properties file."""
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return escaped.replace("=", "\\=").replace(":", "\\:").replace(" ", "\\ ").replace("#", "\\#").replace("!", "\\!")


def _first_line(output: Path) -> str:
    """Return where a JVM that does not start says why; what follows is that it does not."""
    lines = output.read_text(errors="replace").split("\n")
    return next((line.strip() for line in lines if line.strip()), "")
