"""Connections where a server has too few for everybody: given back, waited for, shared."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from eventing.pool import Pool
from eventing.postgres import Postgres as Engine
from tests.pgbouncer import PgBouncer
from tests.postgres import OWNER, Postgres
from tests.waiting import until

SLOTS = 4
NEVER = 3600.0  # seconds


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    """A database to which there may be four connections."""
    with postgres.database() as url:
        postgres.run(f"ALTER ROLE {role(url)} CONNECTION LIMIT {SLOTS}")
        yield url


@pytest.fixture
def life() -> Iterator[ExitStack]:
    with ExitStack() as life:
        yield life


def role(url: str) -> str:
    name = urlsplit(url).username
    assert name
    return name


def pool(
    life: ExitStack, url: str, size: int = SLOTS, idle: float = NEVER, lifetime: float = NEVER
) -> Pool:
    """Connections as one process has them."""
    made = Pool(Engine(url), size, idle=idle, lifetime=lifetime)
    life.callback(made.close)
    return made


def use(pool: Pool) -> int:
    """The server's process that answers."""
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() AS pid")
        return int(cursor.fetchone()["pid"])


def use_all(pool: Pool, size: int = SLOTS) -> None:
    """Open every connection that the pool may have; none is in use afterwards."""
    everybody = threading.Barrier(size)

    def hold(_: int) -> None:
        with pool.connection():
            everybody.wait(30)

    with ThreadPoolExecutor(size) as threads:
        list(threads.map(hold, range(size)))


def connections(url: str) -> int:
    with closing(psycopg2.connect(url.replace(role(url), OWNER, 1))) as owner:
        cursor = owner.cursor()
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        cursor.execute(sessions, (role(url),))
        row: Any = cursor.fetchone()
        return int(row[0])


def test_connections_that_nobody_uses_are_closed_and_those_in_use_are_not(
    life: ExitStack, url: str
) -> None:
    busy = pool(life, url, idle=0.1)
    use_all(busy)
    with busy.connection() as connection:
        until(lambda: connections(url) == 1)
        assert connection.cursor().execute("SELECT 1") is None
    until(lambda: connections(url) == 0)
    assert use(busy)


def test_under_load_only_those_are_closed_that_are_not_needed(life: ExitStack, url: str) -> None:
    busy = pool(life, url, idle=0.3)
    use_all(busy)
    first = use(busy)

    def one_is_left() -> bool:
        return use(busy) == first and connections(url) == 1

    until(one_is_left)


def test_ten_processes_share_fewer_connections_than_they_could_have(
    life: ExitStack, url: str
) -> None:
    pools = [pool(life, url, idle=0.1) for _ in range(10)]
    with ThreadPoolExecutor(40) as threads:
        for _ in range(3):
            assert all(threads.map(use, pools * 8))


def test_whoever_finds_every_connection_taken_waits_until_one_is_given_back(
    life: ExitStack, url: str
) -> None:
    use_all(pool(life, url, idle=0.5))

    assert use(pool(life, url))


def test_whoever_has_some_connections_uses_them_when_there_are_no_more(
    life: ExitStack, url: str
) -> None:
    narrow = pool(life, url)
    use(narrow)
    use_all(pool(life, url, SLOTS - 1), SLOTS - 1)

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: use(narrow), range(16)))) == 1


def test_those_who_are_never_idle_do_not_keep_everything_for_themselves(
    life: ExitStack, url: str
) -> None:
    greedy = pool(life, url, lifetime=0.2)
    use_all(greedy)
    enough = threading.Event()

    def go_on(_: int) -> None:
        while not enough.is_set():
            with greedy.connection():
                time.sleep(0.001)  # as long as a statement takes

    with ThreadPoolExecutor(SLOTS) as threads:
        done = [threads.submit(go_on, number) for number in range(SLOTS)]
        try:
            assert use(pool(life, url))
        finally:
            enough.set()
        for one in done:
            one.result()


@pytest.mark.parametrize("writing", [True, False])
def test_limits_hold_in_each_transaction_and_stay_in_no_session(
    life: ExitStack, url: str, pgbouncer: PgBouncer, writing: bool
) -> None:
    names = ("statement_timeout", "idle_in_transaction_session_timeout")
    for at in (url, pgbouncer.through(url)):
        with pool(life, at).connection() as connection, connection.cursor() as cursor:
            connection.begin(writing=writing)
            assert [shown(cursor, name) for name in names] == ["30s", "1min"]
            connection.commit()
            assert [shown(cursor, name) for name in names] == ["0", "0"]


def shown(cursor: Any, name: str) -> object:
    cursor.execute(f"SHOW {name}")
    return cursor.fetchone()[name]


def test_what_could_not_be_committed_is_not_called_committed(life: ExitStack, url: str) -> None:
    with pool(life, url).connection() as connection:
        connection.begin(writing=True)
        with pytest.raises(psycopg2.ProgrammingError):
            connection.cursor().execute("SELECT no_such_column")
        with pytest.raises(psycopg2.InternalError, match="nothing was committed"):
            connection.commit()


def test_a_server_that_is_away_is_not_waited_for(life: ExitStack, url: str) -> None:
    away = pool(life, url.replace("port=", "port=1"))
    begun = time.monotonic()
    with pytest.raises(psycopg2.OperationalError):
        use(away)
    assert time.monotonic() - begun < 2
