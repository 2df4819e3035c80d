"""`blog backup` and `restore` on databases that somebody writes to, or that are broken."""

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli import main
from broker.runner.folder import data_folder
from broker.verbs.moment import one_moment
from tests.disks import disk
from tests.waiting import until

BLOG = (sys.executable, "-c", "from broker.cli import main; main()")
NAMES = ("broker", "comments", "posts")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of three databases, with a note in each."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in NAMES:
        with closing(open_database(folder / f"{name}.db")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE notes (text TEXT NOT NULL)")
        add(folder, name, "first")
    return folder


@pytest.fixture
def archive(data: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    file = tmp_path / "backup.tar.gz"
    assert verb("backup", file, "--data", data).exit_code == 0
    return file


def open_database(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False)


def add(folder: Path, name: str, text: str) -> None:
    with closing(open_database(folder / f"{name}.db")) as connection:
        connection.execute("INSERT INTO notes VALUES (?)", (text,))


def notes(folder: Path, name: str) -> list[str]:
    with closing(open_database(folder / f"{name}.db")) as connection:
        return texts(connection)


def texts(connection: sqlite3.Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY rowid")]


def verb(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def writing(data: Path) -> Iterator[Callable[[str], sqlite3.Connection]]:
    """Begins transactions that nobody has ended yet."""
    begun: list[sqlite3.Connection] = []

    def begin(name: str) -> sqlite3.Connection:
        begun.append(open_database(data / f"{name}.db"))
        begun[-1].execute("BEGIN IMMEDIATE")
        return begun[-1]

    yield begin
    for connection in begun:
        connection.close()


def test_what_is_written_after_the_moment_is_in_no_copy(data: Path) -> None:
    with one_moment(data) as databases:
        for name in NAMES:
            add(data, name, "later")  # at once: nobody is held off any more
        assert [texts(databases[f"{name}.db"]) for name in NAMES] == [["first"]] * 3


def test_a_copy_stays_of_the_moment_while_it_is_made(data: Path) -> None:
    add(data, "posts", "x" * 100_000)
    with one_moment(data) as databases, closing(open_database(data / "copy")) as copy:
        written: list[int] = []

        def write(_status: int, remaining: int, _total: int) -> None:
            add(data, "posts", "later" * 1_000)
            written.append(remaining)

        databases["posts.db"].backup(copy, pages=5, progress=write)
        assert len(written) > 3
        assert texts(copy) == ["first", "x" * 100_000]


@pytest.mark.parametrize("busy", ["posts", "broker"])
def test_the_moment_comes_after_every_transaction_that_was_open(
    data: Path, busy: str, writing: Callable[[str], sqlite3.Connection]
) -> None:
    transaction = writing(busy)
    others = [name for name in NAMES if name != busy]
    with ThreadPoolExecutor(1) as thread:
        copy = thread.submit(snapshot, data)
        until(lambda: is_held(data, "comments") or copy.done())
        for name in others:
            add(data, name, "while the other was written to")
        transaction.execute("INSERT INTO notes VALUES ('late')")
        transaction.execute("COMMIT")
        seen = copy.result()
    assert seen[busy] == ["first", "late"]
    assert [seen[name][-1] for name in others] == ["while the other was written to"] * 2


def snapshot(data: Path) -> dict[str, list[str]]:
    with one_moment(data) as databases:
        return {name: texts(databases[f"{name}.db"]) for name in NAMES}


def is_held(data: Path, name: str) -> bool:
    with closing(sqlite3.connect(data / f"{name}.db", timeout=0, isolation_level=None)) as probe:
        try:
            probe.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


def test_a_database_that_is_made_meanwhile_is_in_it(
    data: Path, writing: Callable[[str], sqlite3.Connection]
) -> None:
    transaction = writing("broker")
    with ThreadPoolExecutor(1) as thread:
        copy = thread.submit(snapshot_names, data)
        until(lambda: is_held(data, "comments") or copy.done())
        open_database(data / "query.db").close()
        transaction.execute("COMMIT")
        assert "query.db" in copy.result()


def snapshot_names(data: Path) -> set[str]:
    with one_moment(data) as databases:
        return set(databases)


def test_what_was_backed_up_is_restored_into_a_new_folder(archive: Path, tmp_path: Path) -> None:
    new = tmp_path / "in" / "a" / "new place"
    assert verb("restore", archive, "--data", new).exit_code == 0
    assert [notes(new, name) for name in NAMES] == [["first"]] * 3
    assert {file.name for file in new.iterdir()} == {f"{name}.db" for name in NAMES}
    assert list(new.parent.iterdir()) == [new]


def test_a_function_may_have_any_name_that_manifests_allow(data: Path, tmp_path: Path) -> None:
    (data / "posts.db").rename(data / "Posts2é.db")
    assert verb("backup", tmp_path / "backup.tar.gz", "--data", data).exit_code == 0
    assert verb("restore", tmp_path / "backup.tar.gz", "--data", tmp_path / "new").exit_code == 0
    assert notes(tmp_path / "new", "Posts2é") == ["first"]


def test_an_empty_folder_is_taken(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert verb("restore", archive, "--data", tmp_path / "empty").exit_code == 0


def test_data_that_is_there_stays_unless_it_is_to_be_replaced(archive: Path, data: Path) -> None:
    add(data, "posts", "newer")
    refusal = verb("restore", archive, "--data", data)
    assert (refusal.exit_code, len(refusal.output.splitlines())) == (1, 1)
    assert "holds data already" in refusal.output
    assert notes(data, "posts") == ["first", "newer"]

    assert verb("restore", archive, "--data", data, "--replace").exit_code == 0
    assert notes(data, "posts") == ["first"]
    [aside] = data.parent.glob("data-until-*")
    assert notes(aside, "posts") == ["first", "newer"]


def test_the_daily_backups_stay_where_they_are_and_in_no_backup(
    archive: Path, data: Path, tmp_path: Path
) -> None:
    (data / "backups").mkdir()
    archive.rename(data / "backups" / "20260131T120000Z.tar.gz")
    [daily] = (data / "backups").iterdir()
    second = tmp_path / "second.tar.gz"
    assert verb("backup", second, "--data", data).exit_code == 0
    with tarfile.open(second) as tar:
        assert set(tar.getnames()) == {f"{name}.db" for name in NAMES}
    assert verb("restore", daily, "--data", data, "--replace").exit_code == 0
    assert daily.is_file()
    [aside] = data.parent.glob("data-until-*")
    assert {file.name for file in aside.iterdir()} >= {f"{name}.db" for name in NAMES}
    assert not (aside / "backups").exists()


def test_all_that_is_made_is_for_this_user_only(data: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert verb("backup", tmp_path / "b.tar.gz", "--data", data).exit_code == 0
        assert verb("restore", tmp_path / "b.tar.gz", "--data", tmp_path / "new").exit_code == 0
        assert verb("restore", tmp_path / "b.tar.gz", "--data", data, "--replace").exit_code == 0
    finally:
        os.umask(before)
    [aside] = tmp_path.glob("data-until-*")
    for folder in (data, aside, tmp_path / "new"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (tmp_path / "b.tar.gz", *data.iterdir(), *(tmp_path / "new").iterdir()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_mount_point_is_restored_to_and_its_data_replaced(archive: Path, tmp_path: Path) -> None:
    with disk(tmp_path / "volume") as volume:
        (volume / "lost+found").mkdir()
        assert verb("restore", archive, "--data", volume).exit_code == 0
        add(volume, "posts", "newer")
        assert verb("restore", archive, "--data", volume).exit_code == 1
        again = verb("restore", archive, "--data", volume, "--replace")
        assert again.exit_code == 0, again.output
        assert notes(volume, "posts") == ["first"]
        [aside] = volume.glob("until-*")
        assert notes(aside, "posts") == ["first", "newer"]
        third = verb("restore", archive, "--data", volume, "--replace")
        assert third.exit_code == 0, third.output
        assert (volume / "lost+found").is_dir()


# Root without its powers: like anybody else it may not write where others' folders are.
POWERLESS = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders of another user")
def test_a_folder_whose_parent_is_somebody_else_s_is_restored_to(archive: Path, data: Path) -> None:
    parent = data.parent / "theirs"
    parent.mkdir(0o755)
    data = data.rename(parent / "data")
    add(data, "posts", "newer")
    os.chown(parent, 12_345, 12_345)
    command = [*POWERLESS, *BLOG, "restore", str(archive), "--data", str(data), "--replace"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert notes(data, "posts") == ["first"]
    [aside] = data.glob("until-*")
    assert notes(aside, "posts") == ["first", "newer"]


# Dies like after a power cut, just before the file that is moved as number `int(sys.argv[1])`.
DYING = """
import fcntl, os, sys
left = int(sys.argv.pop(1))
data = sys.argv[sys.argv.index("--data") + 1]
def look(event, arguments):
    global left
    if event == "os.rename" and os.path.dirname(os.fspath(arguments[0])).startswith(data):
        with open(f"{data}/.lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os._exit(99)
            except BlockingIOError:
                left -= 1
        if left < 0:
            os._exit(9)
sys.addaudithook(look)
from broker.cli import main
from broker.runner.folder import data_folder
main()
"""


def test_a_restore_that_dies_half_way_is_taken_back_and_nobody_starts_meanwhile(
    archive: Path, data: Path
) -> None:
    add(data, "posts", "newer")
    (data / "query.db").touch()  # which the backup has not
    names = {file.name for file in data.iterdir()}
    for moved in count():
        command = [*BLOG[:-1], DYING, str(moved), "restore", str(archive), "--data", str(data)]
        done = subprocess.run([*command, "--replace"], check=False, capture_output=True)
        if done.returncode == 0:
            break
        assert done.returncode == 9
        with data_folder(data):  # as the next start has it
            assert {file.name for file in data.iterdir()} - {".lock"} == names
            assert notes(data, "posts") == ["first", "newer"]
            assert not list(data.parent.glob("data-until-*"))
    assert moved >= 1 + len(names) + len(NAMES)
    assert notes(data, "posts") == ["first"]
    assert not (data / "query.db").exists()


def test_half_a_restore_is_not_backed_up(data: Path, tmp_path: Path) -> None:
    (data / ".restoring").touch()
    refusal = verb("backup", tmp_path / "backup.tar.gz", "--data", data)
    assert (refusal.exit_code, "a restore ended half way" in refusal.output) == (1, True)


def test_names_that_are_no_text_or_that_the_terminal_cannot_show_are_taken(
    data: Path, tmp_path: Path
) -> None:
    odd = data.rename(tmp_path / os.fsdecode(b"d\xff \xc3\xa9 100% ?#"))
    archive = tmp_path / os.fsdecode(b"b\xff \xe4\xb8\xad.tar.gz")
    for name, *more in (["backup"], ["restore", "--replace"]):
        done = subprocess.run(
            [*BLOG, name, os.fspath(archive), "--data", os.fspath(odd), *more],
            check=False,
            capture_output=True,
            encoding="latin-1",
            env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "b\\udcff \\u4e2d.tar.gz" in done.stdout


def test_a_home_that_the_shell_has_left_to_us_is_found(data: Path, tmp_path: Path) -> None:
    at_home = CliRunner(env={"HOME": str(data.parent), "DATA_DIR": "~/data"})
    done = at_home.invoke(main, ["backup", str(tmp_path / "backup.tar.gz")])
    assert (done.exit_code, "3 databases" in done.output) == (0, True)


def test_what_a_verb_says_is_not_optimized_away() -> None:
    done = subprocess.run(
        [*BLOG, "restore", "--help"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONOPTIMIZE": "2"},
    )
    assert "Nothing changes unless FILE is whole" in done.stdout


def test_a_folder_with_other_things_is_left_alone(archive: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter").write_text("Dear")
    refusal = verb("restore", archive, "--data", home, "--replace")
    assert (refusal.exit_code, [one.name for one in home.iterdir()]) == (1, ["letter"])


def test_the_folder_of_a_running_blog_is_left_alone(archive: Path, data: Path) -> None:
    with (data / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refusal = verb("restore", archive, "--data", data, "--replace")
    assert refusal.exit_code == 1
    assert "is in use by another `blog run`" in refusal.output
    assert not list(data.parent.glob("data-until-*"))


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def no_archive(file: Path) -> None:
    file.write_text("nothing of the kind")


def flipped(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    file.write_bytes(whole)


def repacked(**files: bytes) -> Callable[[Path], None]:
    """An archive of these files instead."""

    def repack(file: Path) -> None:
        with tarfile.open(file, "w:gz") as tar:
            for name, content in files.items():
                part = file.with_name("part")
                part.write_bytes(content)
                tar.add(part, name)

    return repack


def links(file: Path) -> None:
    with tarfile.open(file, "w:gz") as tar:
        link = tarfile.TarInfo("broker.db")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (cut_short, "no whole archive"),
        (no_archive, "no whole archive"),
        (flipped, ""),
        (repacked(**{"broker.db": b"", "../posts.db": b""}), "'../posts.db'"),
        (repacked(**{"posts.db": b""}), "no broker.db"),
        (repacked(**{"broker.db": b"no database, whatever it is called" * 99}), "is damaged"),
        (links, "is no file in it"),
    ],
    ids=["cut short", "no archive", "a flipped byte", "a path", "a part", "no database", "a link"],
)
def test_what_is_no_whole_backup_changes_nothing(
    archive: Path, data: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(archive)
    before = sorted(data.parent.iterdir())
    for options in (("--data", data, "--replace"), ("--data", data.with_name("new"))):
        refusal = verb("restore", archive, *options)
        assert (refusal.exit_code, len(refusal.output.splitlines())) == (1, 1), refusal.output
        assert reason in refusal.output
    assert sorted(data.parent.iterdir()) == before
    assert notes(data, "posts") == ["first"]


def test_a_backup_takes_no_file_s_place(archive: Path, data: Path) -> None:
    before = archive.read_bytes()
    assert "is there already" in verb("backup", archive, "--data", data).output
    assert archive.read_bytes() == before


def test_without_data_there_is_no_backup(tmp_path: Path) -> None:
    refusal = verb("backup", tmp_path / "backup.tar.gz", "--data", tmp_path / "nowhere")
    assert (refusal.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "it holds no broker.db" in refusal.output


def test_damaged_data_makes_no_backup(data: Path, tmp_path: Path) -> None:
    with (data / "posts.db").open("r+b") as file:
        file.seek(4_096)
        file.write(b"\xff" * 4_096)
    refusal = verb("backup", tmp_path / "backup.tar.gz", "--data", data)
    assert (refusal.exit_code, list(tmp_path.iterdir())) == (1, [data])
    assert "posts.db is damaged" in refusal.output.splitlines()[-1]  # which monitors are told
