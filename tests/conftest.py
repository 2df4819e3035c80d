"""What every test relies on: changes when the way tests run does."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from eventing import idempotency, outbox, worker
from eventing.database import Database
from tests import scheduling
from tests.cluster.deployed import Deployed
from tests.databases import Databases, NewDatabases, of_kind
from tests.pgbouncer import PgBouncer
from tests.postgres import CannotStart, Postgres

# The same examples each time and no deadline: a test fails for what the code does, not for the
# machine it runs on.
settings.register_profile("blog", deadline=None, derandomize=True)
settings.load_profile("blog")

# A shell starts what runs in its background deaf to Ctrl-C, nohup deaf to a terminal's end, and so
# would be what the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make e2e` gives these: tests against a deployed blog run only when they are told where."""
    group = parser.getgroup("cluster")
    group.addoption("--cluster", metavar="URL", help="the blog in the cluster of kubectl")
    group.addoption("--host", help="the Host header for that URL, where DNS does not know it")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "server: needs a database server, PostgreSQL")


# Before pytest itself leaves out what `-m` does not want.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Name what needs a server; side by side the longest begins first."""
    for item in items:
        if scheduling.needs_server(item):
            item.add_marker("server")
    if hasattr(config, "workerinput"):
        scheduling.longest_first(items, config.rootpath)
    else:
        scheduling.chaos_last(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> scheduling.ByFile:
    """How `pytest -n` shares the tests out."""
    return scheduling.make_scheduler(config, log)


BEFORE = pytest.StashKey[int]()


@pytest.fixture(autouse=True)
def _workers_of_a_test(request: pytest.FixtureRequest) -> None:
    """Notes which background work began before this test."""
    request.node.stash[BEFORE] = worker.count()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End what a test's own functions do in the background, before their databases go.

    After the last test of a file, what functions do that the whole file shared.
    """
    is_last = nextitem is None or nextitem.path != item.path
    if BEFORE in item.stash:
        worker.end(0 if is_last else item.stash[BEFORE])


@pytest.fixture(scope="session")
def deployed(pytestconfig: pytest.Config) -> Deployed | None:
    """The blog that the tests were pointed to, if any."""
    url: str | None = pytestconfig.getoption("cluster")
    if url is None:
        return None
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{line}", flush=True, end="")  # noqa: T201 - progress, for a person

    return Deployed(url, pytestconfig.getoption("host"), say)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for all tests, each with databases of its own in it."""
    server = Postgres()
    try:
        server.make()
        server.start()
        yield server
    except CannotStart as error:
        _go_without(error)
    finally:
        server.remove()


@pytest.fixture(scope="session")
def pgbouncer(postgres: Postgres) -> Iterator[PgBouncer]:
    """A pooler before that PostgreSQL, for as long as all tests run."""
    pooler = PgBouncer(postgres)
    try:
        pooler.start()
        yield pooler
    except CannotStart as error:
        _go_without(error)
    finally:
        pooler.stop()


def _go_without(error: CannotStart) -> None:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def new_databases(request: pytest.FixtureRequest) -> NewDatabases:
    """Makes empty databases, of each kind in turn."""
    return of_kind(request)


@pytest.fixture
def databases(new_databases: NewDatabases) -> Iterator[Databases]:
    """A test's own databases."""
    with new_databases() as databases:
        yield databases


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A function's own database with nothing of a function's own in it yet."""
    folders = [outbox.MIGRATIONS, idempotency.MIGRATIONS]
    database = Database(databases.url("function"), folders)
    yield database
    database.close()
