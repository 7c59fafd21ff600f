import os
import subprocess
from pathlib import Path

import pytest

from harmonystate.edges.local.java import find_java
from harmonystate.edges.spark.java_command import class_path, java_command, spark_home, whole_class_path

HOME, PROPERTIES = Path("/java"), Path("/tmp/x.properties")


def command(**conf):
    return java_command(
        {f"spark.driver.{key}": value for key, value in conf.items()}, java_home=HOME, properties=PROPERTIES
    )


@pytest.mark.services
def test_java_is_called_as_spark_s_own_script_calls_it():
    launcher = ["org.apache.spark.launcher.Main", "org.apache.spark.deploy.SparkSubmit", "pyspark-shell"]
    java = find_java() / "bin" / "java"
    environment = os.environ | {"SPARK_HOME": str(spark_home()), "SPARK_SCALA_VERSION": "2.12"}

    said = subprocess.run(
        [java, "-cp", f"{spark_home()}/jars/*", *launcher], env=environment, capture_output=True, text=True, check=True
    )

    (_, *theirs) = [part for part in said.stdout.split("\0") if part.strip()]
    options = [
        option
        for option in theirs
        if option.startswith("-") and option not in ("-cp", "-XX:+IgnoreUnrecognizedVMOptions")
    ]
    assert [option for option in command()[1:] if option.startswith("-") and option != "--properties-file"] == [
        *[option for option in options if option != "-Xmx1g"],
        "-Xmx1g",
    ]


def test_options_of_the_driver_s_jvm_become_java_s():
    called = command(memory="3g", defaultJavaOptions="-Done=1", extraJavaOptions='-Dtwo=2 "-Dthree=a b"')

    assert {"-Xmx3g", "-Done=1", "-Dtwo=2", "-Dthree=a b"} < set(called)


def test_each_jar_is_there_once_whatever_the_order_in_which_they_come():
    ours = [Path("/jars/b.jar"), Path("/jars/a.jar")]

    assert class_path(ours) == class_path(ours[::-1])
    assert len(class_path(ours)) == len(set(class_path(ours))) == len(list((spark_home() / "jars").glob("*.jar"))) + 2


def test_what_the_user_puts_first_is_first_and_hadoop_finds_its_files(monkeypatch):
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop")

    parts = whole_class_path({"spark.driver.extraClassPath": "/mine.jar"}, []).split(os.pathsep)

    assert (parts[0], parts[-1]) == ("/mine.jar", "/etc/hadoop")
