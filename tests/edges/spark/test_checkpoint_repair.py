import json
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import pytest

from harmonystate.edges.spark.checkpoint_repair import find_damage, next_offsets, repair, set_aside
from harmonystate.errors import Misconfigured

NOW = datetime(2026, 11, 24, 16, 38, 17, 5, tzinfo=UTC)
ENDS = json.dumps({"global2": {"0": 32, "1": 7}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint as Spark leaves it after three batches, of which the last is not done, checksums and all."""
    folder = tmp_path / "checkpoint" / "global2"
    write(folder / "metadata", '{"id":"8a91a45b-80b6-40be-9ecf-7df2299be589"}')
    write(folder / "sources/0/0", '\0v1\n{"global2":{"0":0,"1":0}}')
    for batch in range(3):
        write(folder / f"offsets/{batch}", f'v1\n{{"batchWatermarkMs":0,"conf":{{"x":"{"y" * 900}"}}}}\n{ENDS}')
    for batch in range(2):
        write(folder / f"commits/{batch}", 'v1\n{"nextBatchWatermarkMs":0}')
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode()
    path.write_bytes(content)
    parts = [content[at : at + 512] for at in range(0, len(content), 512)]
    sums = b"".join(crc32(part).to_bytes(4, "big") for part in parts)
    path.with_name(f".{path.name}.crc").write_bytes(b"crc\0" + (512).to_bytes(4, "big") + sums)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_sound_checkpoint_is_left_as_it_is(folder):
    before = files(folder)

    assert find_damage(folder) is None
    assert repair(str(folder), now=NOW) is None
    assert files(folder) == before


def test_where_there_is_no_checkpoint_there_is_nothing_to_repair(tmp_path):
    assert repair(str(tmp_path / "none"), now=NOW) is None
    assert set_aside(str(tmp_path / "none"), now=NOW) is None


@pytest.mark.parametrize("size", [0, 1, 3, 40, 950])
def test_of_a_truncated_newest_plan_that_alone_goes_aside(folder, size):
    path = folder / "offsets/2"
    path.write_bytes(path.read_bytes()[:size])
    before = files(folder)

    beside = repair(f"file://{folder}", now=NOW)

    assert beside is not None
    assert files(beside) == {"offsets/2", "offsets/.2.crc"}
    assert files(folder) == before - files(beside)
    assert find_damage(folder) is None


def test_a_plan_that_goes_takes_the_note_that_it_was_done_along(folder):
    write(folder / "commits/2", 'v1\n{"nextBatchWatermarkMs":0}')
    (folder / "offsets/2").write_bytes(b"v1\n{")

    beside = repair(str(folder), now=NOW)

    assert beside is not None
    assert files(beside) == {"offsets/2", "offsets/.2.crc", "commits/2", "commits/.2.crc"}


@pytest.mark.parametrize("moves", range(4))
def test_a_repair_that_is_killed_in_between_is_made_good_by_the_next(folder, monkeypatch, moves):
    done = files(folder) - {"offsets/2", "offsets/.2.crc"}
    write(folder / "commits/2", 'v1\n{"nextBatchWatermarkMs":0}')
    (folder / "offsets/2").write_bytes(b"v1\n{")
    rename, left = Path.rename, iter(range(moves))

    def rename_until_killed(path, target):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename_until_killed)
        with pytest.raises(KeyboardInterrupt):
            repair(str(folder), now=NOW)
    repair(str(folder), now=NOW)

    assert files(folder) == done


def test_a_note_that_a_batch_is_done_whose_plan_is_gone_goes_aside(folder):
    write(folder / "commits/3", 'v1\n{"nextBatchWatermarkMs":0}')

    beside = repair(str(folder), now=NOW)

    assert beside is not None
    assert files(beside) == {"commits/3", "commits/.3.crc"}


def test_of_old_batches_spark_drops_the_plans_before_the_notes_that_they_are_done(folder):
    (folder / "offsets/0").unlink()

    assert find_damage(folder) is None


def test_a_torn_newest_commit_alone_goes_aside_so_that_its_batch_comes_again(folder):
    (folder / "commits/1").write_bytes(b"v1")

    beside = repair(str(folder), now=NOW)

    assert beside is not None
    assert files(beside) == {"commits/1", "commits/.1.crc"}


@pytest.mark.parametrize("harm", ["metadata gone", "metadata torn", "start torn", "older plan torn"])
def test_where_that_is_not_enough_all_goes_aside(folder, harm):
    before = files(folder)
    {
        "metadata gone": lambda: (folder / "metadata").rename(folder / "elsewhere"),
        "metadata torn": lambda: (folder / "metadata").write_bytes(b'{"id"'),
        "start torn": lambda: (folder / "sources/0/0").write_bytes(b""),
        "older plan torn": lambda: (folder / "offsets/1").write_bytes(b"v1"),
    }[harm]()

    beside = repair(str(folder), now=NOW)

    assert beside is not None
    assert not folder.exists()
    assert len(files(beside)) == len(before)


def test_bytes_that_were_overwritten_are_found_by_their_checksum(folder):
    text = (folder / "offsets/2").read_text()
    (folder / "offsets/2").write_text(text.replace('"0": 32', '"0": 99'))

    damage = find_damage(folder)

    assert damage is not None
    assert damage.files == [Path("offsets/2")]


def test_two_repairs_keep_what_each_moved(folder):
    first = set_aside(str(folder), now=NOW)
    write(folder / "metadata", "{")
    second = repair(str(folder), now=NOW.replace(second=18))

    assert first is not None
    assert second is not None
    assert first != second
    assert first.parent == second.parent == folder.with_name("global2.aside")


def test_a_checkpoint_of_another_host_is_mended_by_its_own_tools():
    with pytest.raises(Misconfigured, match=r"hdfs://x/checkpoint is not a folder of this host"):
        repair("hdfs://x/checkpoint", now=NOW)


def test_spark_goes_on_behind_the_last_batch_that_is_done(folder):
    later = (folder / "offsets/2").read_text().replace('"0": 32', '"0": 99')
    write(folder / "offsets/2", later)

    assert next_offsets(str(folder), "global2") == {0: 32, 1: 7}
    write(folder / "commits/2", 'v1\n{"nextBatchWatermarkMs":0}')
    assert next_offsets(str(folder), "global2") == {0: 99, 1: 7}


def test_before_the_first_batch_is_done_it_goes_on_where_it_began(folder):
    for path in (folder / "commits").glob("?"):
        path.unlink()

    assert next_offsets(str(folder), "global2") == {0: 0, 1: 0}
    assert next_offsets(str(folder), "another") == {}
    assert next_offsets(str(folder.with_name("none")), "global2") == {}
