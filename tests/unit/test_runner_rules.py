"""The runner's rules: values in, values out."""

from dataclasses import replace
from pathlib import Path

import pytest

from broker.manifests import Platform, Service
from broker.runner import programs
from broker.runner.console import readable
from broker.runner.premises import NotPossible, check_ports
from broker.runner.process import how_it_ended
from broker.runner.restart import LONGEST, SETTLED, next_pause
from broker.runner.settings import Settings

POSTS = Service(
    "posts",
    "posts",
    {"FUNCTION_TARGET": "posts"},
    public=False,
    broker="default",
    variables=frozenset({"AUTHOR_TOKEN", "DATABASE_URL", "FUNCTION_TARGET"}),
)
DEAD_LETTERS = Service("dead-letters", "dead_letters", {}, public=False)
WEB = Service("web", None, {}, public=True)
PLATFORM = Platform("blog", ("default",), (POSTS, DEAD_LETTERS, WEB), (), ())
SETTINGS = Settings(data=Path("/kept"), root=Path("/project"))


def test_the_pause_before_a_restart_doubles_up_to_a_limit() -> None:
    pause = None
    pauses = [pause := next_pause(pause, uptime=1.0) for _ in range(7)]
    assert pauses == [0.5, 1, 2, 4, 4, 4, 4]


def test_a_program_that_was_up_for_long_starts_again_at_the_first_pause() -> None:
    assert next_pause(LONGEST, uptime=SETTLED) == 0.5


@pytest.mark.parametrize(("status", "words"), [(3, "exit status 3"), (-9, "killed by SIGKILL")])
def test_an_end_is_told_in_words(status: int, words: str) -> None:
    assert how_it_ended(status) == words


def test_each_function_is_a_process_on_its_own_port() -> None:
    posts, dead_letters = programs.functions(PLATFORM, SETTINGS, {})
    assert " ".join(posts.command[2:]) == (
        "-m eventing.serve --source /project/functions/posts/main.py --target posts "
        "--host 127.0.0.1 --port 8081"
    )
    assert (dead_letters.name, dead_letters.port) == ("dead-letters", 8082)
    assert "/project/functions/dead_letters/main.py" in dead_letters.command


def test_each_function_has_a_database_of_its_own() -> None:
    urls = [f.environment["DATABASE_URL"] for f in programs.functions(PLATFORM, SETTINGS, {})]
    assert urls == ["sqlite:////kept/posts.db", "sqlite:////kept/dead_letters.db"]


def test_a_functions_address_in_a_cluster_is_the_local_one_in_an_environment() -> None:
    there = "a http://posts.blog.svc.cluster.local/\nb http://dead-letters.blog.svc.cluster.local/x"
    elsewhere = " http://posts.other.svc.cluster.local/ http://web.blog.svc.cluster.local/"
    told = replace(DEAD_LETTERS, env={"SUBSCRIBERS": there + elsewhere})
    platform = replace(PLATFORM, services=(POSTS, told))
    dead_letters = programs.functions(platform, SETTINGS, {"SUBSCRIBERS": "the caller's"})[1]
    here = "a http://127.0.0.1:8081/\nb http://127.0.0.1:8082/x"
    assert dead_letters.environment["SUBSCRIBERS"] == here + elsewhere


def test_only_a_function_that_publishes_is_told_where_the_broker_is() -> None:
    posts, dead_letters = programs.functions(PLATFORM, SETTINGS, {"K_SINK": "http://elsewhere"})
    assert posts.environment["K_SINK"] == "http://127.0.0.1:8090/blog/default"
    assert "K_SINK" not in dead_letters.environment


def test_with_several_brokers_each_function_publishes_to_the_one_it_is_bound_to() -> None:
    bound = (POSTS, replace(DEAD_LETTERS, broker="audit"))
    platform = replace(PLATFORM, brokers=("audit", "default"), services=bound)
    posts, dead_letters = programs.functions(platform, SETTINGS, {})
    assert posts.environment["K_SINK"] == "http://127.0.0.1:8090/blog/default"
    assert dead_letters.environment["K_SINK"] == "http://127.0.0.1:8090/blog/audit"


def test_links_lead_to_the_ingress_unless_the_caller_says_otherwise() -> None:
    (posts, _) = programs.functions(PLATFORM, replace(SETTINGS, port=8000), {})
    assert posts.environment["SITE_URL"] == "http://localhost:8000"


def test_the_broker_is_told_where_every_function_listens() -> None:
    command = " ".join(programs.broker(PLATFORM, SETTINGS, {}).command)
    assert "--manifests /project/knative/base --data /kept/broker.db --port 8090" in command
    assert "--service posts=http://127.0.0.1:8081" in command
    assert "--service dead-letters=http://127.0.0.1:8082" in command


def test_one_port_for_two_programs_is_refused_with_both_options() -> None:
    settings = replace(SETTINGS, broker_port=8082)
    given = [programs.broker(PLATFORM, settings, {}), *programs.functions(PLATFORM, settings, {})]
    with pytest.raises(NotPossible, match=r"8082 is given to both broker and dead-letters.*--bro"):
        check_ports(given)


def test_a_person_reads_a_json_line_in_plain_words() -> None:
    line = (
        b'{"time": "2026-01-31T12:00:00.000+00:00", "level": "warning", "service": "posts",'
        b' "event": "100% done", "id": "p1"}'
    )
    words = readable("posts", line).decode()
    assert "posts        warning: 100% done  id=p1" in words


@pytest.mark.parametrize("line", [b"Traceback (most recent call last):", b"[1]", b"{}"])
def test_a_person_reads_any_other_line_as_it_is_after_its_programs_name(line: bytes) -> None:
    assert readable("posts", line).split(None, 1) == [b"posts", line]


def test_a_person_reads_bytes_that_are_no_text_as_replaced() -> None:
    assert readable("posts", b"\xff").split(None, 1) == [
        b"posts",
        "\N{REPLACEMENT CHARACTER}".encode(),
    ]
