"""What the operator's verbs say: to a person, to a program, and when they are used wrongly."""

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from broker.cli import VERBS, main
from broker.runner.programs import Program
from broker.runner.register import Register, read_register, read_running
from broker.verbs.events import readable
from broker.verbs.report import age, size
from broker.verbs.send import chosen_broker
from tests.e2e.running import free_ports


def blog(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=stdin, catch_exceptions=False)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself(verb: str) -> None:
    answer = blog(verb, "--help")
    assert answer.exit_code == 0
    assert answer.output.startswith(f"Usage: main {verb} [OPTIONS]")


def test_the_command_lists_its_verbs() -> None:
    listed = blog("--help").output.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.strip().splitlines()] == sorted(VERBS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--type", "T"], "attribute source is missing"),
        (["--type", "T", "--source", "a b"], "attribute source is no URI"),
        (["--type", "T", "--source", "/s", "--extension", "Big=1"], "attribute name 'Big'"),
        (["--type", "T", "--source", "/s", "--extension", "x"], "x is not NAME=VALUE"),
        (["--type", "T", "--source", "/s", "--data", "{"], "the data is not JSON"),
        (["--type", "T", "--data", "1", "--data-file", "-"], "either --data or --data-file"),
        (["-", "--type", "T"], "either FILE or options"),
        (["-"], "no valid event: the event is not JSON"),
    ],
)
def test_what_is_no_event_is_not_sent(arguments: list[str], said: str) -> None:
    answer = blog("send", *arguments)
    assert answer.exit_code != 0
    assert said in answer.output


@pytest.mark.parametrize(
    "arguments", [["send", "--type", "T", "--source", "/s"], ["events"]], ids=lambda a: a[0]
)
def test_without_a_broker_it_is_one_line_with_the_remedy(arguments: list[str]) -> None:
    port = free_ports(1)
    answer = blog(*arguments, "--broker-port", str(port))
    assert answer.exit_code == 1
    assert answer.output.startswith(f"Error: nothing answers at http://127.0.0.1:{port} (")
    assert answer.output.count("\n") == 1


def test_an_event_is_sent_to_a_broker_of_the_manifests_only() -> None:
    answer = blog("send", "--type", "T", "--source", "/s", "--broker", "audit")
    assert answer.exit_code == 2
    assert "name a Broker of the manifests with --broker: default" in answer.output


@pytest.mark.parametrize(
    ("named", "brokers", "chosen"),
    [
        (None, ["default"], "default"),
        (None, ["audit"], "audit"),
        ("audit", ["default", "audit"], "audit"),
        (None, ["audit", "default"], None),
        ("other", ["default"], None),
    ],
)
def test_with_several_brokers_the_one_to_send_to_must_be_named(
    named: str | None, brokers: list[str], chosen: str | None
) -> None:
    if chosen is None:
        with pytest.raises(click.UsageError):
            chosen_broker(named, brokers)
    else:
        assert chosen_broker(named, brokers) == chosen


def program(name: str) -> Program:
    """One that is not there."""
    unused = free_ports(1)
    return Program(name=name, command=(), environment={}, port=unused, option="", remedy="")


def test_the_register_counts_how_often_a_program_was_started_again(tmp_path: Path) -> None:
    register, posts = Register(tmp_path), program("posts")
    register.note(posts, 10)
    register.note(program("query"), 11)
    register.note(posts, 12)
    noted = read_register(tmp_path)
    assert [(name, one.pid, one.restarts) for name, one in noted.items()] == [
        ("posts", 12, 1),
        ("query", 11, 0),
    ]
    assert (read_running(tmp_path).phase, read_running(tmp_path).runner) == (
        "starting",
        os.getpid(),
    )
    register.enter("running")
    assert read_running(tmp_path).phase == "running"
    register.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_keeps_no_program_from_running(tmp_path: Path) -> None:
    Register(tmp_path / "missing").note(program("posts"), 10)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "-"), (0.2, "0 s"), (59, "59 s"), (60, "1 min"), (7_200, "2 h"), (90_000, "1 d")],
)
def test_a_time_span_is_told_in_its_largest_unit(seconds: float | None, said: str) -> None:
    assert age(seconds) == said


def test_no_size_is_told_of_a_program_that_is_gone() -> None:
    assert (size(None), size(2**20)) == ("-", "1 MiB")


EVENT = {
    "type": "T",
    "source": "/s",
    "id": "1",
    "knativearrivaltime": "2026-01-31T12:00:00.000000Z",
}


def test_an_event_is_one_line_with_those_whom_it_goes_to() -> None:
    shown = readable({**EVENT, "correlationid": "tea-1"}, ["one", "two"])
    assert shown[8:].split() == ["T", "/s", "1", "tea-1", "->", "one,", "two"]
    assert readable(EVENT, [])[8:].split() == ["T", "/s", "1", "-", "->", "nobody"]


def test_the_data_of_an_event_tells_the_terminal_nothing() -> None:
    shown = readable({**EVENT, "data": {"text": "né\x9b2J"}}, [])
    assert shown.splitlines()[1] == r'    {"text": "né\x9b2J"}'
