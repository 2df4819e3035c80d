"""How patient a load is, with a clock that only its pauses move: changes when the patience does."""

import socket
from collections.abc import Iterator
from io import StringIO
from itertools import count

import pytest
from rich.console import Console

from broker.load.api import Blog, NoPost
from broker.load.attempts import Door, Stopped, Waiting
from broker.load.progress import Display
from broker.load.report import Count, Report
from broker.load.settle import settle
from tests.integration.load.small_blog import SmallBlog, problem, serving


class Time:
    """A clock that stands still but for pauses, and remembers them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def waiting(self) -> Waiting:
        return Waiting(clock=lambda: self.now, sleep=self.pause)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def small() -> Iterator[SmallBlog]:
    with serving(SmallBlog()) as small_blog:
        yield small_blog


def blog(url: str, time: Time, said: list[str] | None = None) -> Blog:
    lines = said if said is not None else []
    return Blog(Door(url, waiting=time.waiting(), say=lines.append))


def display() -> Display:
    return Display(Console(file=StringIO()))


def unused() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_where_nothing_answers_the_pauses_grow_and_end_after_a_minute(time: Time) -> None:
    said: list[str] = []
    url = unused()
    with pytest.raises(Stopped, match=r"nothing answers there \(is `make run` running\?\), for 60"):
        blog(url, time, said).create_post({"title": "x"}, "key")
    assert time.pauses[:6] == [0.5, 1, 2, 4, 4, 4]
    assert 55 < sum(time.pauses) <= 60
    assert said == [
        f"{url}: nothing answers there (is `make run` running?), trying again for up to 60 s"
    ]


def test_retry_after_is_waited_for_and_no_longer_than_patience_lasts(
    time: Time, small: SmallBlog
) -> None:
    small.stumble = lambda _method, _path: problem(503, "Busy.", retry_after="25")
    with pytest.raises(Stopped, match="the answer is 503, for 60 s"):
        blog(small.url, time).create_post({"title": "x"}, "key")
    assert time.pauses == [25, 25]


def test_a_post_that_never_reaches_comments_gives_up_its_comments_alone(
    time: Time, small: SmallBlog
) -> None:
    small.stumble = lambda _method, _path: problem(404, "Not yet.", retry_after="1")
    client = blog(small.url, time)
    with pytest.raises(NoPost, match="has not reached `comments` yet: is the broker running"):
        client.create_comment("p", {"content": "x"}, "key")
    assert time.pauses == [1] * 60
    small.stumble = lambda _method, _path: None
    assert client.create_post({"title": "x"}, "key") == ("id-0", True)


def test_a_404_for_good_is_not_tried_again(time: Time, small: SmallBlog) -> None:
    with pytest.raises(NoPost, match="deleted"):
        blog(small.url, time).create_comment("p", {"content": "x"}, "key")
    assert time.pauses == []


def test_a_reader_that_does_not_know_the_post_yet_is_believed_at_once(
    time: Time, small: SmallBlog
) -> None:
    small.stumble = lambda _method, _path: problem(404, "Not yet.", retry_after="1")
    assert blog(small.url, time).statuses("p") is None
    assert time.pauses == []


def test_a_stop_ends_the_work_of_every_thread(time: Time, small: SmallBlog) -> None:
    client = blog(small.url, time)
    client.door.stop("interrupted")
    client.door.stop("and a later reason")
    with pytest.raises(Stopped, match="interrupted"):
        client.create_post({"title": "x"}, "key")
    assert small.posts == []


def test_waiting_for_verdicts_gives_up_when_nothing_moves_for_a_minute(
    time: Time, small: SmallBlog
) -> None:
    client = blog(small.url, time)
    post, _ = client.create_post({"title": "x"}, "key")
    one, _ = client.create_comment(post, {"content": "judged late"}, "1")
    two, _ = client.create_comment(post, {"content": "never judged"}, "2")
    late = time.now + 50

    def judge(comment: dict[str, str]) -> str:
        return "approved" if comment["id"] == one and time.now > late else "pending"

    small.judge = judge
    with pytest.raises(Stopped, match=f"1 comments of 1 posts wait, such as those of post {post}"):
        settle(client, {post: {one, two}}, display())
    assert 110 < sum(time.pauses) < 116
    assert max(time.pauses) == 2


def test_verdicts_that_keep_coming_are_waited_for_beyond_a_minute(
    time: Time, small: SmallBlog
) -> None:
    client = blog(small.url, time)
    post, _ = client.create_post({"title": "x"}, "key")
    ids = [client.create_comment(post, {"content": "x"}, str(n))[0] for n in range(4)]
    begin = time.now
    due = {id_: begin + 40 * (n + 1) for n, id_ in enumerate(ids)}
    small.judge = lambda comment: "approved" if time.now > due[comment["id"]] else "pending"
    assert settle(client, {post: set(ids)}, display()) == {"approved": 4}
    assert time.now - begin > 160


def test_a_load_that_did_not_settle_did_not_succeed() -> None:
    whole = Count(not_sent=0, new=2)
    stuck = Report(posts=whole, comments=whole, stopped="nothing has settled")
    assert Report(posts=whole, comments=whole).succeeded
    assert not stuck.succeeded
    assert str(stuck).endswith(
        "stopped: nothing has settled. Another run goes on where this one ended."
    )


def test_a_pipe_gets_a_line_every_two_seconds(time: Time) -> None:
    out = StringIO()
    shown = Display(Console(file=out), clock=lambda: time.now)
    for done in range(9):
        shown.show(posts=(3, 3), comments=(done, 8))
        time.now += 0.5
    shown.say("[a.md] said as it is")
    assert out.getvalue().splitlines() == [
        "posts 3/3, comments 4/8",
        "posts 3/3, comments 8/8",
        "[a.md] said as it is",
    ]


def test_a_terminal_gets_bars_and_no_lines(time: Time) -> None:
    out = StringIO()
    console = Console(file=out, force_terminal=True, force_interactive=True, width=80)
    shown = Display(console, clock=lambda: time.now)
    with shown.bars:
        for done in count():
            shown.show(comments=(done, 8))
            time.now += 5
            if done == 8:
                break
    assert "comments" in out.getvalue()
    assert "8/8" in out.getvalue()
    assert "comments 8/8" not in out.getvalue()
