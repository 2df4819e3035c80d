"""What lies on the disk of a SQLite database: for this user only, and no text that was blanked."""

import stat
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from eventing.answer import to_json
from eventing.database import Database, Transaction
from eventing.maintenance import Maintenance
from tests.databases import Files
from tests.integration.blog import STRUCTURED, Blog, event, post_data
from tests.integration.files import running, until_checked
from tests.integration.notes import add, schema
from tests.waiting import until

TEXT = "nobody may read this again"


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    return schema(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "notes.db"


def blank(database: Database) -> None:
    with database.transaction() as tx:
        assert tx.execute("UPDATE notes SET text = 'blank' WHERE text LIKE ?", f"{TEXT}%") == 1


def lies_on_the_disk(folder: Path, text: str = TEXT) -> list[str]:
    """The files that hold it."""
    return [each.name for each in folder.iterdir() if text.encode() in each.read_bytes()]


def test_blanked_text_leaves_the_write_ahead_log_while_it_runs(
    file: Path, migrations: Path
) -> None:
    with running(file, migrations) as one:
        add(one.database, TEXT * 50)
        blank(one.database)
        until(lambda: lies_on_the_disk(file.parent) == [])


def test_it_leaves_once_no_reader_needs_it_and_no_writer_waits_for_that(
    file: Path, migrations: Path
) -> None:
    with running(file, migrations) as one:
        add(one.database, TEXT * 50)
        until_checked(one)
        with one.database.snapshot() as tx:
            tx.rows("SELECT text FROM notes")
            blank(one.database)
            for number in range(20):
                add(one.database, str(number))
            assert lies_on_the_disk(file.parent) != []
        until(lambda: lies_on_the_disk(file.parent) == [])


def test_it_leaves_pages_from_which_the_database_has_moved_it(file: Path, tmp_path: Path) -> None:
    """Rows of many sizes come, grow and go: with SQLite 3.40, one of the 75 blanked ones stays."""
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "0001_texts.sql").write_text("CREATE TABLE texts (id TEXT PRIMARY KEY, text TEXT);\n")
    with running(file, texts) as one, one.database.transaction() as tx:
        blanked = change_many(tx, Random(1))  # noqa: S311 - the same each time
        assert len(blanked) > 50
        tx.erase_traces()
    assert [each for each in blanked if lies_on_the_disk(file.parent, f"SECRET{each}")] == []


def change_many(tx: Transaction, chance: Random) -> list[str]:
    """Add, change and blank; the ids of those that are blank then."""
    sizes = [5, 50, 200, 700, 3_000]
    kept: list[str] = []
    blanked: list[str] = []
    for _ in range(300):
        name = f"{chance.getrandbits(32):08x}"
        text = f"SECRET{name}{'z' * chance.choice(sizes)}"
        if chance.random() < 0.6 or not kept:
            tx.execute("INSERT INTO texts VALUES (?, ?)", name, text)
            kept.append(name)
        elif chance.random() < 0.5:
            name = chance.choice(kept)
            longer = f"SECRET{name}{'y' * chance.choice(sizes)}"
            tx.execute("UPDATE texts SET text = ? WHERE id = ?", longer, name)
        else:
            name = kept.pop(chance.randrange(len(kept)))
            tx.execute("UPDATE texts SET text = '' WHERE id = ?", name)
            blanked.append(name)
    return blanked


def test_it_leaves_with_an_orderly_end(file: Path, migrations: Path) -> None:
    with (
        running(file, migrations) as one,
        closing(Database(f"sqlite:///{file}", [migrations])) as other,
    ):
        add(other, TEXT * 50)  # what another has open is not deleted with the last connection
        blank(one.database)
        one.maintenance.worker.ensure_stopped()
        assert lies_on_the_disk(file.parent) == []


def test_files_are_for_this_user_only_new_ones_and_those_that_were_there(
    file: Path, migrations: Path
) -> None:
    with running(file, migrations) as one:
        add(one.database, "a")
        assert file.parent.stat().st_mode & 0o077 == 0
        assert open_to_others(file.parent) == []
    for each in file.parent.iterdir():
        each.chmod(0o644)
    file.parent.chmod(0o755)
    with running(file, migrations) as one, one.database.claim():
        add(one.database, "b")
        assert open_to_others(file.parent) == []
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o755  # it may be anybody's


def open_to_others(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.stat().st_mode & 0o077]


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(Files(tmp_path / "data"))


def empty_logs(folder: Path) -> None:
    """As a second copy of each function does beside the one that runs."""
    for file in folder.glob("*.db"):
        with closing(Database(f"sqlite:///{file}", [])) as database:
            maintenance = Maintenance(database)
            maintenance.worker.ensure_started()
            maintenance.worker.ensure_stopped()


def test_no_file_of_any_function_holds_a_deleted_post(blog: Blog, tmp_path: Path) -> None:
    post = blog.write_post(title=f"{TEXT} title", body=f"{TEXT} body " * 500)
    blog.settle()
    comment = {"content": f"{TEXT} comment", "author": f"{TEXT} author"}
    blog.write_comment(post["id"], **comment)
    blog.settle()
    letter = event("PostCreated", post_data(id=post["id"], title=TEXT), partitionkey=post["id"])
    dead = blog.functions["dead_letters"]
    kept = dead.post("/dead/query-post-created", data=to_json(letter), content_type=STRUCTURED)
    assert kept.status_code == 202
    databases = ("posts", "comments", "query", "dead_letters")
    held = lies_on_the_disk(tmp_path / "data")
    assert {name.partition(".")[0] for name in held} == set(databases)

    blog.delete(post["id"])
    blog.settle()
    empty_logs(tmp_path / "data")
    assert lies_on_the_disk(tmp_path / "data") == []
