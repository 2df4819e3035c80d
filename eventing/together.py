"""Several requests, one commit: each is durable before it is answered, and waits for one fsync."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from eventing.patience import Answered, answer_at_once, step_aside

_current: ContextVar["Group | None"] = ContextVar("group", default=None)


class _Broken(BaseException):
    """The database failed one of the group; what it has left of the others nobody can say."""


class Group:
    """Transactions of requests that are answered one after another, committed as one."""

    def __init__(self) -> None:
        self._transaction = ExitStack()
        self._owner: object = None
        self._connection: Any = None
        self._shut_out = False
        self._afterwards: list[Callable[[], None]] = []

    def holds(self, owner: object) -> bool:
        """Whether something of that database is changed, but not committed yet."""
        return self._owner is owner

    @contextmanager
    def part(
        self,
        owner: object,
        begin: Callable[[], AbstractContextManager[Any]],
        errors: tuple[type[Exception], ...],
    ) -> Iterator[Any]:
        """A transaction's share: the connection; an exception takes back this share alone.

        One of the database's `errors` takes back everything. `begin` opens the transaction that is
        shared, if this is its first part.
        """
        if self._owner is None:
            self._begin(owner, begin)
        elif self._owner is not owner:
            step_aside()  # two databases cannot be committed as one
        try:
            with _savepoint(self._connection):
                yield self._connection
        except errors as error:
            raise _Broken from error

    def _begin(self, owner: object, begin: Callable[[], AbstractContextManager[Any]]) -> None:
        if self._shut_out:
            step_aside()  # one of the group has waited in vain: that is long enough for all
        self._shut_out = True
        self._connection = self._transaction.enter_context(begin())
        self._owner, self._shut_out = owner, False

    def answer(self, acts: Sequence[Callable[[], Answered]]) -> list[Answered | None]:
        """What each returns, once all of it is durable; None for each that must begin anew."""
        token = _current.set(self)
        try:
            with self._transaction:
                answers = [answer_at_once(act) for act in acts]
        except (_Broken, Exception):  # each begins anew alone, and is told its own error
            return [None] * len(acts)
        finally:
            _current.reset(token)
        for act in self._afterwards:
            act()
        return answers

    def afterwards(self, act: Callable[[], None]) -> None:
        """Do it when all of the group is durable."""
        self._afterwards.append(act)


@contextmanager
def _savepoint(connection: Any) -> Iterator[None]:
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK TO part")
        connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


def current() -> Group | None:
    """The group of which the caller is answered, if any."""
    return _current.get()


def when_durable(act: Callable[[], None]) -> None:
    """Do it now, or with a group when that is durable."""
    if (group := _current.get()) is None:
        act()
    else:
        group.afterwards(act)
